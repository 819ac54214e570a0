"""A container took more memory than its limit, and was killed for it."""

from collections.abc import Iterator

from telltale.kube.core import ContainerStatus, Pod
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, Fault, How, Patch
from telltale.why.pods import SIDECAR, key_of, last_end, spec_of
from telltale.why.workloads import Group, groups, way_back
from telltale.why.world import World

REASON = "OOMKilled"


def judge(world: World) -> Iterator[Finding]:
    for group in groups(world, _every, lambda _, status: _killed(status)):
        yield _finding(world, group)


def _every(pod: Pod) -> list[ContainerStatus]:
    return [*pod.status.init_container_statuses, *pod.status.container_statuses]


def _killed(status: ContainerStatus) -> bool:
    end = last_end(status)
    return end is not None and end.reason == REASON and not status.ready


def _finding(world: World, group: Group) -> Finding:
    pod, owner, name = group.first, group.owner, group.container
    key, spec = key_of(pod), spec_of(pod, name)
    limit = str(spec.resources.limits.get("memory", "")) if spec else ""
    path = f'.status.containerStatuses[?(@.name=="{name}")]..terminated.reason'
    raise_ = f"kubectl -n {owner.namespace} edit {owner.kind.lower()}/{owner.name}"
    return Finding(
        cause=CAUSE.name,
        object=owner,
        field=f"{group.field}.resources.limits.memory",
        expected=f"more than {limit}" if limit else "memory enough for what it does",
        found=limit or "no limit of its own",
        title=f"{name} was killed: out of memory",
        because=(
            f"pod {key[1]} is not ready: {proofs.condition_of(pod).partition(': ')[2]}",
            f"the kernel killed {name} (OOMKilled); {group.status.restart_count} restarts so far",
            f"its limit is {limit}" if limit else "it has no limit: the node itself ran short",
        ),
        evidence=(
            proofs.not_ready(pod),
            Evidence("how it ended", proofs.read(proofs.pod_ref(key), path), REASON),
        ),
        affected=tuple(key_of(one) for one in group.pods),
        fix=way_back(
            world, owner, "go back, give it more memory, or mend the leak",
            Advice("give it more", raise_),
        ),
        edge=Edge.ENVOY if name == SIDECAR else Edge.APP,
        place=name,
    )  # fmt: skip


CAUSE = Cause(
    name="out-of-memory",
    judge=judge,
    fault=Fault(
        title="let ratings-v1 fill its memory, with a limit of 48Mi",
        steps=(
            Patch(
                Ref("Deployment", "{namespace}", "ratings-v1"),
                {"spec": {"template": {"spec": {"containers": [{
                    "name": "ratings",
                    "command": ["python3", "-c", "kept = bytearray(300_000_000)"],
                    "resources": {"limits": {"memory": "48Mi"}},
                }]}}}},
                How.STRATEGIC,
            ),
        ),
        look="kubectl get pods: ratings-v1 1/2 OOMKilled, then CrashLoopBackOff",
    ),
    explains=frozenset({"app-crash-loop", "envoy-crashed"}),
    doc="""The kernel killed the container because it took more memory than its limit: exit code
137 with the reason OOMKilled. Differs from app-crash-loop and envoy-crashed in that reason: its
log ends in the middle and says nothing.""",
)  # fmt: skip
