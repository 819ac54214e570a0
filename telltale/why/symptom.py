"""What a person asks about, parsed, and which pods that means. Pure.

    (nothing)                 every pod of the namespace
    POD   KIND/NAME   NAME    one pod, or the pods of a workload or Service
    A B[:PORT][/PATH]         a request from A to Service B

Never: I/O. Raises `BadTarget`, whose message is one line with the candidates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telltale.kube.core import Pod
from telltale.kube.service import Service
from telltale.why.pods import PodKey, key_of, workload
from telltale.why.world import World

KINDS = {
    "po": "Pod", "pod": "Pod", "pods": "Pod",
    "deploy": "Deployment", "deployment": "Deployment", "deployments": "Deployment",
    "rs": "ReplicaSet", "replicaset": "ReplicaSet", "replicasets": "ReplicaSet",
    "sts": "StatefulSet", "statefulset": "StatefulSet", "statefulsets": "StatefulSet",
    "ds": "DaemonSet", "daemonset": "DaemonSet", "daemonsets": "DaemonSet",
    "job": "Job", "jobs": "Job",
    "svc": "Service", "service": "Service", "services": "Service",
}  # fmt: skip
_TO = re.compile(r"^(?P<host>[^:/\s]+)(:(?P<port>\d+))?(?P<path>/\S*)?$")
CANDIDATES_MOST = 8


class BadTarget(ValueError):
    """A target that names nothing, or more than one thing."""


@dataclass(frozen=True, slots=True)
class Target:
    """`kind` empty: to be found out from the name."""

    name: str
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}" if self.kind else self.name


@dataclass(frozen=True, slots=True)
class Question:
    """`port` and `path` are those of a request, 0 and "" when not given."""

    namespace: str = "default"
    everywhere: bool = False
    target: Target | None = None
    to: Target | None = None
    port: int = 0
    path: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the question turned out to be about."""

    text: str
    focus: frozenset[PodKey]
    service: Service | None = None  # of a request


def parse(words: Sequence[str], namespace: str = "default", everywhere: bool = False) -> Question:
    """The words after `why`. Raises `BadTarget`."""
    if len(words) > 2:
        raise BadTarget(f"one target, or a request A B[:PORT][/PATH]: got {len(words)} words")
    if not words:
        return Question(namespace, everywhere)
    if everywhere:
        raise BadTarget(f"{words[0]!r} and all namespaces: say one or the other")
    target = _target(words[0])
    if len(words) == 1:
        return Question(namespace, target=target)
    found = _TO.match(words[1])
    if not found or not 0 <= int(found["port"] or 0) < 65536:
        raise BadTarget(f"{words[1]!r} is no NAME[:PORT][/PATH]")
    to = Target(found["host"], "Service")
    return Question(namespace, False, target, to, int(found["port"] or 0), found["path"] or "")


def resolve(question: Question, world: World) -> Subject:
    """Which pods a question is about, in a world whose objects are listed. Raises `BadTarget`."""
    if question.target is None:
        return _every(question, world)
    focus = _pods_of(question.target, question.namespace, world)
    if question.to is None:
        return Subject(_title(focus, question), frozenset(key_of(pod) for pod in focus))
    name, _, rest = question.to.name.partition(".")
    service = world.service(rest.partition(".")[0] or question.namespace, name)
    if service is None:
        raise BadTarget(_nothing(question.to, question.namespace, world))
    text = f"request {question.target} -> {question.to.name}"
    text += f":{question.port}" if question.port else ""
    ends = {key_of(pod) for pod in [*focus, *world.selected(service)]}
    return Subject(text + question.path, frozenset(ends), service)


def _target(word: str) -> Target:
    kind, slash, name = word.partition("/")
    if not slash:
        return Target(word)
    if kind.lower() not in KINDS:
        raise BadTarget(f"{word!r}: no kind {kind!r}; one of pod, deploy, rs, sts, ds, job, svc")
    if not name or "/" in name:
        raise BadTarget(f"{word!r} is no KIND/NAME")
    return Target(name, KINDS[kind.lower()])


def _every(question: Question, world: World) -> Subject:
    here = [
        pod for pod in world.pods
        if question.everywhere or pod.metadata.namespace == question.namespace
    ]  # fmt: skip
    text = "all namespaces" if question.everywhere else f"namespace {question.namespace}"
    return Subject(text, frozenset(key_of(pod) for pod in here))


def _pods_of(target: Target, namespace: str, world: World) -> list[Pod]:
    here = [pod for pod in world.pods if pod.metadata.namespace == namespace]
    found = {
        kind: _named(Target(target.name, kind), namespace, here, world) for kind in _kinds(here)
    }
    wanted = {kind: pods for kind, pods in found.items() if pods is not None}
    if target.kind:
        wanted = {kind: pods for kind, pods in wanted.items() if kind == target.kind}
    if len(wanted) > 1:
        names = " or ".join(f"{kind.lower()}/{target.name}" for kind in sorted(wanted))
        raise BadTarget(f"{target.name!r} could be {names}: say which")
    if wanted:
        return next(iter(wanted.values()))
    grown = [pod for pod in here if pod.metadata.name.startswith(target.name + "-")]
    if not target.kind and grown and len({workload(pod) for pod in grown}) == 1:
        return grown
    raise BadTarget(_nothing(target, namespace, world))


def _kinds(here: list[Pod]) -> list[str]:
    owners = {workload(pod).kind for pod in here}
    return sorted(owners | {"Pod", "Service", "Deployment", "ReplicaSet"})


def _named(target: Target, namespace: str, here: list[Pod], world: World) -> list[Pod] | None:
    """The pods of one object; None when there is no such object."""
    if target.kind == "Pod":
        return [pod for pod in here if pod.metadata.name == target.name] or None
    if target.kind == "Service":
        service = world.service(namespace, target.name)
        return list(world.selected(service)) if service else None
    if target.kind == "ReplicaSet":
        return [
            pod for pod in here
            if (owner := pod.metadata.controller) and owner.name == target.name
            and owner.kind == "ReplicaSet"
        ] or None  # fmt: skip
    pods = [
        pod for pod in here
        if workload(pod).kind == target.kind and workload(pod).name == target.name
    ]  # fmt: skip
    exists = target.kind == "Deployment" and world.deployment(namespace, target.name)
    return pods or ([] if exists else None)


def _nothing(target: Target, namespace: str, world: World) -> str:
    """No such thing, and what there is instead, the likest first."""
    if target.kind == "Service":
        there = [one.metadata.name for one in world.services if one.metadata.namespace == namespace]
    else:
        pods = [pod for pod in world.pods if pod.metadata.namespace == namespace]
        there = [pod.metadata.name for pod in pods]
        there += [str(workload(pod).name) for pod in pods]
    like = sorted(set(there), key=lambda one: (target.name[:4] not in one, one))
    shown = ", ".join(like[:CANDIDATES_MOST]) + (", ..." if len(like) > CANDIDATES_MOST else "")
    what = f"{target.kind.lower() or 'pod, workload or service'} {target.name!r}"
    return f"no {what} in namespace {namespace}; there: {shown or 'nothing'}"


def _title(focus: list[Pod], question: Question) -> str:
    if len(focus) == 1:
        return f"pod {question.namespace}/{focus[0].metadata.name}"
    return f"{question.target} in {question.namespace}"
