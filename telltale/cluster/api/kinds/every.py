"""What is special about each resource, by its name; custom ones are made from their definitions.

Never: behaviour of its own.
"""

from telltale.cluster.api.custom import definition
from telltale.cluster.api.kinds import plain, pods, services, statefulsets, webhooks, workloads
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.resources import Resource

_RBAC = "rbac.authorization.k8s.io"
_HOOKS = "admissionregistration.k8s.io"

_BUILT_IN: dict[str, Kind] = {
    "pods": pods.POD,
    "services": services.SERVICE,
    "endpoints": services.ENDPOINTS,
    "endpointslices.discovery.k8s.io": services.SLICE,
    "deployments.apps": workloads.DEPLOYMENT,
    "replicasets.apps": workloads.REPLICA_SET,
    "statefulsets.apps": statefulsets.STATEFUL_SET,
    "controllerrevisions.apps": statefulsets.REVISION,
    "configmaps": plain.CONFIG_MAP,
    "secrets": plain.SECRET,
    "namespaces": plain.NAMESPACE,
    "nodes": plain.NODE,
    "leases.coordination.k8s.io": plain.LEASE,
    "events": plain.EVENT,
    "events.events.k8s.io": plain.EVENT,
    "customresourcedefinitions.apiextensions.k8s.io": definition.DEFINITION,
    f"roles.{_RBAC}": plain.ROLE,
    f"clusterroles.{_RBAC}": plain.ROLE,
    f"rolebindings.{_RBAC}": plain.BINDING,
    f"clusterrolebindings.{_RBAC}": plain.BINDING,
    f"mutatingwebhookconfigurations.{_HOOKS}": webhooks.MUTATING,
    f"validatingwebhookconfigurations.{_HOOKS}": webhooks.VALIDATING,
}
_PLAIN = Kind()


class EveryKind:
    """Looked up at each request; custom kinds come and go with their definitions."""

    def __init__(self) -> None:
        self._custom: dict[tuple[str, str], Kind] = {}  # qualified, version

    def of(self, resource: Resource) -> Kind:
        if resource.custom:
            return self._custom.get((resource.qualified, resource.version), _PLAIN)
        return _BUILT_IN.get(resource.qualified, _PLAIN)

    def define(self, qualified: str, kinds: dict[str, Kind]) -> None:
        """The kinds of a custom resource by version; none take it away."""
        for place in [place for place in self._custom if place[0] == qualified]:
            del self._custom[place]
        self._custom.update({(qualified, version): kind for version, kind in kinds.items()})
