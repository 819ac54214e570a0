"""Pods into workloads, and an Envoy's own word about itself into a `Proxy`.

Pure. Never: I/O; a pod that is over, or that shares the node's network, is no workload.
"""

from telltale.kube import owner
from telltale.kube.codec import Json, Object, dig
from telltale.kube.core import Pod
from telltale.model.workload import Proxy, Role, Workload
from telltale.pilot.intake import calls


def read(pod: Pod) -> Workload | None:
    """One pod; None when it cannot have a proxy of its own."""
    if pod.spec.host_network or pod.ended:
        return None
    addresses = [pod.status.pod_ip, *(one.ip for one in pod.status.pod_ips)]
    ports = {
        port.name: port.container_port
        for container in pod.spec.containers
        for port in container.ports
        if port.name and port.protocol == "TCP"
    }
    return Workload(
        name=pod.metadata.name, namespace=pod.metadata.namespace,
        labels=dict(pod.metadata.labels),
        addresses=tuple(address for address in dict.fromkeys(addresses) if address),
        ports=ports, service_account=pod.spec.service_account_name, node=pod.spec.node_name,
        owner=owner.workload(pod).name if pod.metadata.controller else "",
        ready=_ready(pod), calls=calls.read(pod.metadata.annotations),
    )  # fmt: skip


def _ready(pod: Pod) -> bool:
    told = pod.condition("Ready")
    return told.status == "True" if told else pod.status.phase == "Running"


class NotAProxy(ValueError):
    """An Envoy whose node id does not say who it is; the message names what is wrong with it."""


def read_proxy(node_id: str, metadata: Object) -> Proxy:
    """`ROLE~IP~POD.NAMESPACE~DOMAIN` and its metadata. Raises `NotAProxy`."""
    parts = node_id.split("~")
    if len(parts) != 4 or parts[0] not in [*Role]:
        expected = "|".join(Role)
        raise NotAProxy(f"node id {node_id!r}: expected {expected}~IP~POD.NAMESPACE~DOMAIN")
    if group := _text(metadata, "AUTO_REGISTER_GROUP"):
        raise NotAProxy(
            f"node id {node_id!r}: AUTO_REGISTER_GROUP {group!r}: machines do not register "
            "themselves with this mesh; write a WorkloadEntry for it"
        )
    name, dot, namespace = parts[2].rpartition(".")
    if not (dot and name and namespace):
        raise NotAProxy(f"node id {node_id!r}: {parts[2]!r} is not POD.NAMESPACE")
    addresses = [parts[1], *_text(metadata, "INSTANCE_IPS").split(",")]
    workload = Workload(
        name=name, namespace=namespace, labels=_labels(dig(metadata, "LABELS")),
        addresses=tuple(address for address in dict.fromkeys(addresses) if address),
        ports=_ports(dig(metadata, "POD_PORTS")),
        service_account=_text(metadata, "SERVICE_ACCOUNT"),
        owner=_text(metadata, "WORKLOAD_NAME"),
    )  # fmt: skip
    cluster = _text(metadata, "CLUSTER_ID") or "Kubernetes"
    redirected = _text(metadata, "INTERCEPTION_MODE") != "NONE"
    return Proxy(
        node_id, workload, _text(metadata, "ISTIO_VERSION"), cluster, redirected, Role(parts[0]),
        said={key: value for key, value in metadata.items() if isinstance(value, str)},
        before=_count(dig(metadata, "PROXY_CONFIG", "gatewayTopology", "numTrustedProxies")),
    )  # fmt: skip


def _count(value: Json) -> int:
    """A whole number from 0; metadata has it as a float. Whatever else is there is none."""
    return int(value) if isinstance(value, int | float) and 0 <= value < 2**31 else 0


def _text(metadata: Object, key: str) -> str:
    found = metadata.get(key)
    return found if isinstance(found, str) else ""


def _labels(value: Json) -> dict[str, str]:
    return {key: str(text) for key, text in value.items()} if isinstance(value, dict) else {}


def _ports(value: Json) -> dict[str, int]:
    """`[{"name": "http", "containerPort": 9080}]`; whatever else is there is not believed."""
    found: dict[str, int] = {}
    for port in value if isinstance(value, list) else []:
        name, number = dig(port, "name"), dig(port, "containerPort")
        if isinstance(name, str) and isinstance(number, int | float):
            found[name] = int(number)
    return found
