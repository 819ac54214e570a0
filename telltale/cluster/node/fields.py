"""The downward API: a pod's own fields and its containers' limits, as text. Pure."""

import math

from telltale.cluster.node.sources import Missing, Placed
from telltale.kube.core import Container, Pod, ResourceFieldSelector
from telltale.kube.quantity import amount


def field(placed: Placed, path: str) -> str:
    """The field at `path` (`metadata.name`, `status.podIP`, `metadata.labels['app']`, ..).

    Raises `Missing` for a path that the API does not offer.
    """
    meta = placed.pod.metadata
    name, bracket, key = path.partition("['")
    if bracket:
        maps = {"metadata.labels": meta.labels, "metadata.annotations": meta.annotations}
        if name in maps:
            return maps[name].get(key.removesuffix("']"), "")
    plain = {
        "metadata.name": meta.name,
        "metadata.namespace": meta.namespace,
        "metadata.uid": meta.uid,
        "spec.nodeName": placed.pod.spec.node_name,
        "spec.serviceAccountName": placed.pod.spec.service_account_name or "default",
        "status.podIP": placed.address,
        "status.podIPs": placed.address,
        "status.hostIP": placed.host,
        "status.hostIPs": placed.host,
    }
    if path in plain:
        return plain[path]
    if path in ("metadata.labels", "metadata.annotations"):
        found = meta.labels if path == "metadata.labels" else meta.annotations
        return "\n".join(f"{name}={_quoted(value)}" for name, value in sorted(found.items()))
    raise Missing(f"unsupported fieldPath: {path}")


def resource(placed: Placed, selector: ResourceFieldSelector, own: str) -> str:
    """A container's limit or request, in units of the divisor, rounded up.

    Without a limit it is what the node has, as the kubelet says it.
    """
    name = selector.container_name or own
    container = _container(placed.pod, name)
    kind, _, what = selector.resource.partition(".")
    held = container.resources.limits if kind == "limits" else container.resources.requests
    if kind not in ("limits", "requests"):
        raise Missing(f"unsupported container resource: {selector.resource}")
    whole = {"cpu": placed.cpus, "memory": placed.memory_bytes}.get(what, 0)
    value = held.get(what, whole if kind == "limits" else 0)
    divisor = amount(selector.divisor) or 1
    return str(math.ceil(amount(value) / divisor))


def _container(pod: Pod, name: str) -> Container:
    for container in (*pod.spec.init_containers, *pod.spec.containers):
        if container.name == name:
            return container
    raise Missing(f"container {name} not found")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
