"""What a pod belongs to, as far as a pod that is about to be created tells. Pure.

Never: asking the API; the owner of a ReplicaSet is read out of its name.
"""

from dataclasses import dataclass

from telltale.kube.codec import Object, dig


@dataclass(frozen=True, slots=True)
class Workload:
    name: str
    kind: str = "Pod"
    api_version: str = "v1"

    def owner(self, namespace: str) -> str:
        """Istio's spelling of it, as the proxy's metadata has it."""
        plural = f"{self.kind.lower()}s"
        return f"kubernetes://apis/{self.api_version}/namespaces/{namespace}/{plural}/{self.name}"


def of(pod: Object) -> Workload:
    owners = dig(pod, "metadata", "ownerReferences", default=[])
    for owner in owners if isinstance(owners, list) else []:
        if dig(owner, "controller") is True:
            return _above(
                Workload(
                    str(dig(owner, "name", default="")),
                    str(dig(owner, "kind", default="")),
                    str(dig(owner, "apiVersion", default="")),
                ),
                pod,
            )
    generated = str(dig(pod, "metadata", "generateName", default="")).rstrip("-")
    return Workload(str(dig(pod, "metadata", "name", default=generated)) or generated)


def _above(owner: Workload, pod: Object) -> Workload:
    """A Deployment names its ReplicaSet after itself and the hash of the pod template."""
    tail = f"-{dig(pod, 'metadata', 'labels', 'pod-template-hash', default='')}"
    if owner.kind == "ReplicaSet" and len(tail) > 1 and owner.name.endswith(tail):
        return Workload(owner.name.removesuffix(tail), "Deployment", "apps/v1")
    return owner
