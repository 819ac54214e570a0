"""Which pods a person means: POD, POD.NAMESPACE, NAMESPACE/POD, KIND/NAME, or a workload's name.

Pure. Never: reads. Raises `NotFound` with a line that says what there is instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from telltale.kube.core import Pod
from telltale.kube.errors import NotFound
from telltale.kube.owner import workload

SIDECAR = "istio-proxy"
_SHORT = {
    "po": "pod", "pods": "pod", "deploy": "deployment", "deployments": "deployment",
    "rs": "replicaset", "sts": "statefulset", "statefulsets": "statefulset", "ds": "daemonset",
}  # fmt: skip
_KINDS = {*_SHORT, *_SHORT.values()}
CANDIDATES_MOST = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """`kind` is "" when only a name was given."""

    name: str
    namespace: str
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if self.kind else self.name


def parse(word: str, namespace: str) -> Wanted:
    """A word of a person's; `namespace` holds where it names none."""
    first, slash, rest = word.partition("/")
    kind = ""
    if slash and first.lower() in _KINDS:
        kind = _SHORT.get(first.lower(), first.lower())
    elif slash:
        return Wanted(rest, first)
    name, dot, last = (rest if slash else word).partition(".")
    return Wanted(name, last if dot else namespace, kind)


def choose(pods: Iterable[Pod], wanted: Wanted) -> tuple[Pod, ...]:
    """The pods meant, those that run before the others."""
    there = [pod for pod in pods if pod.metadata.namespace == wanted.namespace]
    found = [pod for pod in there if _is(pod, wanted)]
    if not found:
        raise NotFound(_unknown(wanted, there))
    return tuple(sorted(found, key=lambda pod: (not pod.ready, pod.metadata.name)))


def _is(pod: Pod, wanted: Wanted) -> bool:
    owner = workload(pod)
    if wanted.kind and wanted.kind != "pod":
        return owner.kind.lower() == wanted.kind and owner.name == wanted.name
    named = pod.metadata.name == wanted.name
    return named or (not wanted.kind and owner.name == wanted.name)


def _unknown(wanted: Wanted, there: list[Pod]) -> str:
    names = sorted({pod.metadata.name for pod in there})
    shown = ", ".join(names[:CANDIDATES_MOST]) + (" ..." if len(names) > CANDIDATES_MOST else "")
    what = wanted.kind or "pod"
    said = f'no {what} "{wanted.name}" in namespace {wanted.namespace}'
    return f"{said}; its pods are {shown}" if names else f"{said}, where no pods are"


def has_sidecar(pod: Pod) -> bool:
    every = (*pod.spec.containers, *pod.spec.init_containers)
    return any(one.name == SIDECAR for one in every)
