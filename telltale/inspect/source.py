"""Whose request it is: the proxy of the workload that a person names. Pure. Never: reads."""

from collections.abc import Iterable
from dataclasses import dataclass

from telltale.inspect import pods
from telltale.kube.core import Pod
from telltale.kube.errors import BadRequest
from telltale.model.workload import Proxy
from telltale.pilot.intake import workloads


@dataclass(frozen=True, slots=True)
class Source:
    """`outside`: the pod has no sidecar, so nothing of the mesh touches what it sends."""

    proxy: Proxy
    outside: bool


def source(known: Iterable[Pod], word: str, namespace: str) -> Source:
    """Raises an `ApiError` when nobody is meant, or somebody without a network of its own."""
    pod = pods.choose(known, pods.parse(word, namespace))[0]
    workload = workloads.read(pod)
    if workload is None:
        name = f"{pod.metadata.namespace}/{pod.metadata.name}"
        raise BadRequest(f"pod {name} has no proxy: it is over, or shares the node's network")
    address = workload.addresses[0] if workload.addresses else ""
    id = f"sidecar~{address}~{workload.key}~{workload.namespace}.svc.cluster.local"
    return Source(Proxy(id, workload), not pods.has_sidecar(pod))
