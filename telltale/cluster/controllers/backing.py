"""Which addresses stand behind a Service, and on which ports: from its selector and the pods. Pure.

Never: how that is written down; `endpoints` and `endpointslices` each have their own way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from telltale.cluster.controllers.view import Keys, View, ref
from telltale.kube.codec import Object, to_object
from telltale.kube.core import ContainerPort, Pod
from telltale.kube.kinds import SERVICE
from telltale.kube.meta import Ref
from telltale.kube.selector import equal
from telltale.kube.service import Endpoints, Service, ServicePort, TargetRef


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A port of the Service as one pod serves it."""

    name: str
    number: int
    protocol: str
    app_protocol: str = ""

    def to_json(self) -> Object:
        port: Object = {"name": self.name, "port": self.number, "protocol": self.protocol}
        return port | ({"appProtocol": self.app_protocol} if self.app_protocol else {})


@dataclass(frozen=True, slots=True)
class Backend:
    """One address; `target` is None when no pod is known behind it."""

    address: str
    ready: bool
    hostname: str = ""
    node: str = ""
    target: TargetRef | None = None

    def place(self) -> Object:
        """Who and where it is, as Endpoints and EndpointSlices alike say it; only what is known."""
        target = to_object(self.target) if self.target else None
        said: Object = {"hostname": self.hostname, "nodeName": self.node, "targetRef": target}
        return {name: value for name, value in said.items() if value}


Backing = dict[tuple[Port, ...], list[Backend]]  # pods whose named ports differ stand apart


def behind(view: View, service: Service) -> Backing:
    """The pods that a Service selects, ready or not; not those that end or have no address."""
    selector = equal(service.spec.selector)
    found: Backing = {}
    for pod in view.pods.within(service.metadata.namespace):
        if _can_answer(pod) and selector.matches(pod.metadata.labels):
            ports = _ports(service, pod)
            if ports or (service.headless and not service.spec.ports):
                found.setdefault(ports, []).append(_backend(service, pod))
    for backends in found.values():
        backends.sort(key=lambda one: (one.target.name if one.target else "", one.address))
    return found


def written_by_hand(endpoints: Endpoints) -> Backing:
    """What a user's own Endpoints object says, for a Service without a selector."""
    found: Backing = {}
    for subset in endpoints.subsets:
        ports = tuple(
            Port(one.name, one.port, one.protocol, one.app_protocol) for one in subset.ports
        )
        for ready, addresses in ((True, subset.addresses), (False, subset.not_ready_addresses)):
            for one in addresses:
                backend = Backend(one.ip, ready, one.hostname, one.node_name, one.target_ref)
                found.setdefault(ports, []).append(backend)
    return found


def of_service(_: View, service: Service) -> Keys:
    yield ref(SERVICE, service.metadata)


def of_endpoints(_: View, endpoints: Endpoints) -> Keys:
    yield Ref("Service", endpoints.metadata.namespace, endpoints.metadata.name)


def of_pod(view: View, pod: Pod) -> Keys:
    """The Services that select a pod."""
    labels = pod.metadata.labels.items()
    for service in view.services.within(pod.metadata.namespace):
        if service.spec.selector and service.spec.selector.items() <= labels:
            yield ref(SERVICE, service.metadata)


def _can_answer(pod: Pod) -> bool:
    return bool(pod.status.pod_ip) and not pod.ended and pod.metadata.deletion_timestamp is None


def _backend(service: Service, pod: Pod) -> Backend:
    meta = pod.metadata
    named = pod.spec.hostname and pod.spec.subdomain == service.metadata.name
    return Backend(
        pod.status.pod_ip,
        pod.ready or service.spec.publish_not_ready_addresses,
        pod.spec.hostname if named else "",
        pod.spec.node_name,
        TargetRef(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid),
    )


def _ports(service: Service, pod: Pod) -> tuple[Port, ...]:
    """A named target port that the pod does not have is left out, as Kubernetes does."""
    found = []
    for port in service.spec.ports:
        number = _number(port, pod)
        if number:
            found.append(Port(port.name, number, port.protocol, port.app_protocol))
    return tuple(found)


def _number(port: ServicePort, pod: Pod) -> int:
    target = port.target_port or port.port
    if isinstance(target, int):
        return target
    return next(
        (
            one.container_port
            for one in _declared(pod)
            if one.name == target and one.protocol == port.protocol
        ),
        0,
    )


def _declared(pod: Pod) -> Iterable[ContainerPort]:
    sidecars = [one for one in pod.spec.init_containers if one.restart_policy == "Always"]
    return (port for one in [*pod.spec.containers, *sidecars] for port in one.ports)
