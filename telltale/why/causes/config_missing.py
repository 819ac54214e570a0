"""A ConfigMap or Secret that the pod wants is not there."""

import re
from collections.abc import Iterator

from telltale.kube.cluster import Event
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Finding
from telltale.why.fix import Advice, Fault, How, Patch
from telltale.why.pods import key_of, workload
from telltale.why.workloads import way_back
from telltale.why.world import World

KINDS = {"configmap": "ConfigMap", "secret": "Secret"}
_NOT_FOUND = re.compile(
    r'(?P<kind>configmaps?|secrets?) "(?:[^"/]+/)?(?P<name>[^"/]+)" not found', re.IGNORECASE
)


def judge(world: World) -> Iterator[Finding]:
    found: dict[tuple[Ref, Ref], list[tuple[Pod, str]]] = {}
    for pod in sorted(world.focused(), key=key_of):
        said = _complaint(world, pod)
        if lacking := _NOT_FOUND.search(said):
            kind = KINDS[lacking["kind"].lower().rstrip("s")]
            wanted = Ref(kind, pod.metadata.namespace, lacking["name"])
            found.setdefault((wanted, workload(pod)), []).append((pod, said))
    for (wanted, owner), pods in sorted(found.items(), key=lambda one: one[0]):
        yield _finding(world, wanted, owner, pods)


def _complaint(world: World, pod: Pod) -> str:
    """Why it cannot be made, in the kubelet's words; empty when it is, or nothing is said."""
    statuses = [*pod.status.init_container_statuses, *pod.status.container_statuses]
    if pod.metadata.deletion_timestamp or (pod.status.phase != "Pending" and pod.ready):
        return ""
    for one in statuses:
        waiting = one.state.waiting
        if waiting and waiting.reason == "CreateContainerConfigError":
            return waiting.message
    if any(one.state.running or one.state.terminated for one in statuses):
        return ""
    events = [one for one in world.events if one.reason == "FailedMount" and _about(one, pod)]
    return max(events, key=_moment).message if events else ""


def _about(event: Event, pod: Pod) -> bool:
    there = event.involved_object
    same = (there.namespace, there.name) == key_of(pod)
    return same and there.uid in ("", pod.metadata.uid)


def _moment(event: Event) -> str:
    return event.last_timestamp or event.event_time or ""


def _finding(world: World, wanted: Ref, owner: Ref, pods: list[tuple[Pod, str]]) -> Finding:
    pod, said = pods[0]
    key = key_of(pod)
    describe = f"kubectl -n {key[0]} describe pod {key[1]}"
    return Finding(
        cause=CAUSE.name,
        object=wanted,
        field="metadata.name",
        expected=f"a {wanted.kind}, as {owner} wants it",
        found=f"no such {wanted.kind}",
        title=f"the {wanted.kind} that the pod wants is not there",
        because=(
            f"pod {key[1]} is not ready: its containers cannot be made",
            f"the kubelet says: {' '.join(said.split())[:200]}",
        ),
        evidence=(proofs.not_ready(pod), proofs.no_such(wanted)),
        affected=tuple(key_of(one) for one, _ in pods),
        fix=way_back(
            world, owner, f"make {wanted.kind} {wanted.name}, or correct the name in {owner}",
            Advice("where it is asked for", describe),
        ),
        edge=Edge.APP,
        place=f"{wanted.kind} {wanted.name}",
    )  # fmt: skip


CAUSE = Cause(
    name="config-missing",
    judge=judge,
    fault=Fault(
        title="let ratings-v1 mount a ConfigMap that is not there",
        steps=(
            Patch(
                Ref("Deployment", "{namespace}", "ratings-v1"),
                {"spec": {"template": {"spec": {"volumes": [
                    {"name": "settings", "configMap": {"name": "no-such-settings"}},
                ]}}}},
                How.STRATEGIC,
            ),
        ),
        look="kubectl get pods: ratings-v1 0/2 Init:0/1; kubectl describe pod: FailedMount",
    ),
    doc="""The containers cannot be made, since a ConfigMap or Secret that the pod names, as a
volume or in its environment, does not exist. The kubelet tries again by itself: making the object
is enough. Differs from image-missing in what the kubelet waits for.""",
)  # fmt: skip
