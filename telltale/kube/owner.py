"""What made a pod. Pure. Never: whether it still is there."""

from telltale.kube.core import Pod
from telltale.kube.meta import Ref


def workload(pod: Pod) -> Ref:
    """What made the pod: the Deployment over its ReplicaSet, else its controller, else itself."""
    owner = pod.metadata.controller
    namespace = pod.metadata.namespace
    if owner is None:
        return Ref("Pod", namespace, pod.metadata.name)
    tail = "-" + pod.metadata.labels.get("pod-template-hash", "")
    if owner.kind == "ReplicaSet" and len(tail) > 1 and owner.name.endswith(tail):
        return Ref("Deployment", namespace, owner.name.removesuffix(tail))
    return Ref(owner.kind, namespace, owner.name)
