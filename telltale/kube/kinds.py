"""Which kinds there are: their group, version, plural and type. Never: behaviour."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from telltale.kube import admission, apps, cluster, core, service, statefulset
from telltale.kube.meta import Anything

T = TypeVar("T", covariant=True)
N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind as the API serves it; `shape` is the type that its JSON decodes into."""

    group: str
    version: str
    kind: str
    plural: str
    shape: type[T]
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path; an empty namespace of a namespaced kind means all of them."""
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/" + "/".join(parts)

    def of(self, shape: type[N]) -> "Kind[N]":
        """The same kind, decoded into another type (a narrower one, say)."""
        return Kind(self.group, self.version, self.kind, self.plural, shape, self.namespaced)


POD = Kind("", "v1", "Pod", "pods", core.Pod)
SERVICE = Kind("", "v1", "Service", "services", service.Service)
ENDPOINTS = Kind("", "v1", "Endpoints", "endpoints", service.Endpoints)
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", cluster.Namespace, namespaced=False)
NODE = Kind("", "v1", "Node", "nodes", cluster.Node, namespaced=False)
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", cluster.ConfigMap)
SECRET = Kind("", "v1", "Secret", "secrets", cluster.Secret)
SERVICE_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts", cluster.ServiceAccount)
EVENT = Kind("", "v1", "Event", "events", cluster.Event)
ENDPOINT_SLICE = Kind(
    "discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", service.EndpointSlice
)
DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments", apps.Deployment)
REPLICA_SET = Kind("apps", "v1", "ReplicaSet", "replicasets", apps.ReplicaSet)
STATEFUL_SET = Kind("apps", "v1", "StatefulSet", "statefulsets", statefulset.StatefulSet)
CONTROLLER_REVISION = Kind(
    "apps", "v1", "ControllerRevision", "controllerrevisions", statefulset.ControllerRevision
)
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases", cluster.Lease)
MUTATING_WEBHOOK = Kind(
    "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations", admission.MutatingWebhookConfiguration, namespaced=False,
)  # fmt: skip
VALIDATING_WEBHOOK = Kind(
    "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations", admission.ValidatingWebhookConfiguration, namespaced=False,
)  # fmt: skip
CRD = Kind(
    "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
    Anything, namespaced=False,
)  # fmt: skip
# Of these the small cluster has none; they are made where a cluster does.
AUTOSCALER = Kind(
    "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", Anything
)
DISRUPTION_BUDGET = Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", Anything)

BUILT_IN: tuple[Kind[object], ...] = (
    POD, SERVICE, ENDPOINTS, NAMESPACE, NODE, CONFIG_MAP, SECRET, SERVICE_ACCOUNT, EVENT,
    ENDPOINT_SLICE, DEPLOYMENT, REPLICA_SET, STATEFUL_SET, CONTROLLER_REVISION, LEASE,
    MUTATING_WEBHOOK, VALIDATING_WEBHOOK, CRD,
)  # fmt: skip
