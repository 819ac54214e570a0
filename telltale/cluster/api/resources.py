"""Which resources are served: the built-in table, and those that CustomResourceDefinitions add.

Never: behaviour of a kind (see `kinds`), or I/O.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from telltale.cluster.api.kinds import events
from telltale.cluster.api.tables.column import Column
from telltale.cluster.api.view import View
from telltale.kube.codec import Object

EVERY_VERB = (
    "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
)  # fmt: skip
CREATE_ONLY = ("create",)


@dataclass(frozen=True, slots=True)
class Scale:
    """Paths of the fields that /scale reads and writes."""

    replicas: tuple[str, ...] = ("spec", "replicas")
    current: tuple[str, ...] = ("status", "replicas")
    selector: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """`storage` names where objects are kept; versions of one resource share it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = EVERY_VERB
    singular: str = ""
    list_kind: str = ""
    kept_as: str = ""
    view: View | None = None
    custom: bool = False
    columns: tuple[Column, ...] = ()
    scale: Scale = Scale()
    schema: Object | None = None  # a custom resource's own, OpenAPI v3

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The plural with its group, as messages and the store name it: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage(self) -> str:
        return self.kept_as or self.qualified


def _core(kind: str, plural: str, *short: str) -> Resource:
    return Resource("", "v1", kind, plural, short=short)


_RBAC = "rbac.authorization.k8s.io"
_ALL = ("all",)

BUILT_IN: tuple[Resource, ...] = (
    Resource("", "v1", "Pod", "pods", short=("po",), categories=_ALL,
             subresources=("attach", "binding", "eviction", "exec", "log", "portforward", "proxy",
                           "status")),
    Resource("", "v1", "Service", "services", short=("svc",), categories=_ALL,
             subresources=("proxy", "status")),
    Resource("", "v1", "Namespace", "namespaces", namespaced=False, short=("ns",),
             subresources=("finalize", "status")),
    Resource("", "v1", "Node", "nodes", namespaced=False, short=("no",),
             subresources=("proxy", "status")),
    _core("ConfigMap", "configmaps", "cm"),
    _core("Secret", "secrets"),
    Resource("", "v1", "ServiceAccount", "serviceaccounts", short=("sa",),
             subresources=("token",)),
    _core("Endpoints", "endpoints", "ep"),
    _core("Event", "events", "ev"),
    Resource("", "v1", "Binding", "bindings", verbs=CREATE_ONLY),
    Resource("events.k8s.io", "v1", "Event", "events", short=("ev",), kept_as="events",
             view=events.VIEW),
    Resource("apps", "v1", "Deployment", "deployments", short=("deploy",), categories=_ALL,
             subresources=("scale", "status")),
    Resource("apps", "v1", "ReplicaSet", "replicasets", short=("rs",), categories=_ALL,
             subresources=("scale", "status")),
    Resource("apps", "v1", "StatefulSet", "statefulsets", short=("sts",), categories=_ALL,
             subresources=("scale", "status")),
    Resource("apps", "v1", "ControllerRevision", "controllerrevisions"),
    Resource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
    Resource("coordination.k8s.io", "v1", "Lease", "leases"),
    Resource("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration",
             "mutatingwebhookconfigurations", namespaced=False, categories=("api-extensions",)),
    Resource("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration",
             "validatingwebhookconfigurations", namespaced=False, categories=("api-extensions",)),
    Resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition",
             "customresourcedefinitions", namespaced=False, short=("crd", "crds"),
             categories=("api-extensions",), subresources=("status",)),
    Resource(_RBAC, "v1", "Role", "roles"),
    Resource(_RBAC, "v1", "ClusterRole", "clusterroles", namespaced=False),
    Resource(_RBAC, "v1", "RoleBinding", "rolebindings"),
    Resource(_RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False),
    Resource("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", namespaced=False,
             verbs=CREATE_ONLY),
    Resource("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews",
             namespaced=False, verbs=CREATE_ONLY),
    Resource("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews",
             namespaced=False, verbs=CREATE_ONLY),
    Resource("authorization.k8s.io", "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews",
             verbs=CREATE_ONLY),
    Resource("authorization.k8s.io", "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews",
             namespaced=False, verbs=CREATE_ONLY),
)  # fmt: skip


class Registry:
    """The resources served now; custom ones come and go by the name of their definition."""

    def __init__(self, built_in: tuple[Resource, ...]) -> None:
        self._built_in = {_place(one): one for one in built_in}
        self._custom: dict[str, tuple[Resource, ...]] = {}
        self._served = dict(self._built_in)
        self.version = 0

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        return self._served.get((group, version, plural))

    def kind(self, group: str, kind: str) -> Resource | None:
        """A resource of that group and kind, whatever its version."""
        return next((one for one in self if one.group == group and one.kind == kind), None)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._served.values())

    def serve(self, definition: str, resources: tuple[Resource, ...]) -> None:
        """Serve what a definition defines; nothing when `resources` is empty."""
        self._custom.pop(definition, None)
        if resources:
            self._custom[definition] = resources
        custom = {_place(one): one for many in self._custom.values() for one in many}
        self._served = {**self._built_in, **custom}
        self.version += 1


def _place(resource: Resource) -> tuple[str, str, str]:
    return resource.group, resource.version, resource.plural
