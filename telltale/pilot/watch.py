"""What the API server has now, and which part of it changed since somebody last looked.

Informers call `apply`. A change that alters nothing the mesh is made of (an annotation, a status)
is not a change. Never: the mesh, or what follows from a change.
"""

from telltale.kube import certificates
from telltale.kube.client import Change
from telltale.kube.cluster import ConfigMap, Node, Secret
from telltale.kube.core import CALLS, Pod
from telltale.kube.gatewayapi import parameters
from telltale.kube.istio.kinds import SERVICE_ENTRY, WORKLOAD_ENTRY
from telltale.kube.istio.message import Config
from telltale.kube.kinds import Kind
from telltale.kube.meta import Meta
from telltale.kube.service import EXPORT_TO, TRAFFIC_DISTRIBUTION, EndpointSlice, Service
from telltale.kube.slices import Slices
from telltale.lib.clock import Clock
from telltale.lib.topic import Topic
from telltale.pilot.modules import login
from telltale.pilot.modules.wanted import Outcomes

AUTHORITIES = "ca.crt"  # under this key
Key = tuple[str, str]  # namespace, name
# What matters in a status: addresses given out, whether it is well.
_TOLD_BY_STATUS = {SERVICE_ENTRY: "addresses", WORKLOAD_ENTRY: "conditions"}


class Current:
    """Objects by key. Two lanes: `whole` (the mesh must be read again) and `parts` (it need not).

    Each lane's topic carries when its oldest change not yet taken was seen (monotonic seconds).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.services: dict[Key, Service] = {}
        self.pods: dict[Key, Pod] = {}
        self.slices = Slices()
        self.texts: dict[Key, ConfigMap] = {}
        self.nodes: dict[Key, Node] = {}
        self.configs: dict[Kind[Config], dict[Key, Config]] = {}
        self.secrets: dict[Key, Secret] = {}
        self.logins: dict[Key, Secret] = {}  # to registries
        self.modules: Outcomes = {}
        self.whole: Topic[float] = Topic(0.0)
        self.parts: Topic[float] = Topic(0.0)
        self._endpoints: set[Key] = set()
        self._pods: set[Key] = set()

    def take_parts(self) -> tuple[set[Key], set[Key]]:
        """The Services whose endpoints changed and the pods that changed, since the last call."""
        taken = self._endpoints, self._pods
        self._endpoints, self._pods = set(), set()
        return taken

    def apply_service(self, change: Change, service: Service) -> None:
        key, old = _key(service.metadata), self.services.get(_key(service.metadata))
        if change is Change.DELETED:
            self.services.pop(key, None)
        else:
            self.services[key] = service
            if old and _service_matters(old) == _service_matters(service):
                return
        self.whole.publish(self._clock.monotonic())

    def apply_config(self, kind: Kind[Config], change: Change, one: Config) -> None:
        """An object of one of the kinds that configure the mesh; its status is no change."""
        known = self.configs.setdefault(kind, {})
        key, old = _key(one.metadata), known.get(_key(one.metadata))
        if change is Change.DELETED:
            known.pop(key, None)
        else:
            known[key] = one
            if old and _config_matters(kind, old) == _config_matters(kind, one):
                return
        self.whole.publish(self._clock.monotonic())

    def apply_secret(self, change: Change, secret: Secret) -> None:
        """Only what can hold a credential is kept, and of that only what it is read for."""
        key, old = _key(secret.metadata), self.secrets.get(_key(secret.metadata))
        self.logins.pop(key, None)
        if change is not Change.DELETED and secret.type == login.KIND:
            self.logins[key] = secret
        if change is Change.DELETED or not certificates.holds_any(secret):
            if not self.secrets.pop(key, None):
                return
        else:
            self.secrets[key] = secret
            if old and old.data == secret.data:
                return
        self.whole.publish(self._clock.monotonic())

    def apply_text(self, change: Change, one: ConfigMap) -> None:
        """A ConfigMap; of no meaning for the mesh but with authorities, or what Gateways ask of
        their objects."""
        key, old = _key(one.metadata), self.texts.get(_key(one.metadata))
        matters = AUTHORITIES in one.data or parameters.holds_any(one.data)
        if change is Change.DELETED or not matters:
            self.texts.pop(key, None)
            if old is None:
                return
        else:
            self.texts[key] = one
            if old and old.data == one.data:
                return
        self.whole.publish(self._clock.monotonic())

    def apply_modules(self, outcomes: Outcomes) -> None:
        """What has come of the modules that plugins name."""
        self.modules = outcomes
        self.whole.publish(self._clock.monotonic())

    def has_address(self, address: str) -> bool:
        """Whether a Service or a pod has it."""
        return any(
            address in (one.spec.cluster_ip, *one.spec.cluster_ips)
            for one in self.services.values()
        ) or any(
            address in (one.status.pod_ip, *(more.ip for more in one.status.pod_ips))
            for one in self.pods.values() if not one.spec.host_network
        )

    def apply_node(self, change: Change, node: Node) -> None:
        """A node; of all that it tells only where it is matters, which hardly ever changes."""
        key, old = _key(node.metadata), self.nodes.get(_key(node.metadata))
        if change is Change.DELETED:
            self.nodes.pop(key, None)
        else:
            self.nodes[key] = node
            if old and old.metadata.labels == node.metadata.labels:
                return
        self.whole.publish(self._clock.monotonic())

    def apply_slice(self, change: Change, one: EndpointSlice) -> None:
        old = self.slices.known(one)
        concerned = self.slices.hear(change, one)
        same = old is not None and _slice_matters(old) == _slice_matters(one)
        if same and change is not Change.DELETED:
            return
        self._endpoints |= concerned
        self.parts.publish(self._clock.monotonic())

    def apply_pod(self, change: Change, pod: Pod) -> None:
        key, old = _key(pod.metadata), self.pods.get(_key(pod.metadata))
        if change is Change.DELETED:
            self.pods.pop(key, None)
        else:
            self.pods[key] = pod
            if old and _pod_matters(old) == _pod_matters(pod):
                return
        self._pods.add(key)
        self.parts.publish(self._clock.monotonic())


def _key(meta: Meta) -> Key:
    return meta.namespace, meta.name


def _service_matters(one: Service) -> object:
    notes = one.metadata.annotations
    outside = one.status.load_balancer
    return one.spec, outside, notes.get(EXPORT_TO), notes.get(TRAFFIC_DISTRIBUTION)


def _config_matters(kind: Kind[Config], one: Config) -> object:
    meta = one.metadata
    told = one.status.get(_TOLD_BY_STATUS[kind]) if kind in _TOLD_BY_STATUS else None
    return one.spec, meta.labels, meta.annotations, meta.creation_timestamp, told


def _slice_matters(one: EndpointSlice) -> object:
    return one.service, one.address_type, one.endpoints, one.ports


def _pod_matters(pod: Pod) -> object:
    spec, status = pod.spec, pod.status
    ports = [container.ports for container in spec.containers]
    ready = [one.status for one in status.conditions if one.type == "Ready"]
    told = pod.metadata.labels, status.pod_ip, status.pod_ips, ports, pod.ended, spec.node_name
    return told, ready, pod.metadata.annotations.get(CALLS)
