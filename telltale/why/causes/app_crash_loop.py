"""The app ends by itself, badly, again and again."""

from collections.abc import Iterator

from telltale.kube.core import ContainerStatus, Pod
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, Fault, How, Patch
from telltale.why.pods import apps, crashing, key_of, last_end
from telltale.why.workloads import Group, groups, way_back
from telltale.why.world import World

# The command could not be run at all: no network trouble does that.
NOT_RUN = (126, 127)


def judge(world: World) -> Iterator[Finding]:
    for group in groups(world, apps, lambda _, status: _crashes(status)):
        yield _finding(world, group)


def _crashes(status: ContainerStatus) -> bool:
    end = last_end(status)
    return crashing(status) and not (end is not None and end.reason == "OOMKilled")


def _finding(world: World, group: Group) -> Finding:
    pod, owner = group.first, group.owner
    key, end = key_of(pod), last_end(group.status)
    ending = proofs.ending(pod, group.container)
    last = _last_words(world, pod, group)
    logs = f"kubectl -n {key[0]} logs {key[1]} -c {group.container} --previous"
    path = f'.status.containerStatuses[?(@.name=="{group.container}")]..terminated.exitCode'
    ended = Evidence(
        "it ended badly", proofs.read(proofs.pod_ref(key), path), str(end.exit_code if end else "")
    )
    return Finding(
        cause=CAUSE.name,
        object=owner,
        field=group.field,
        expected="a process that keeps running",
        found=ending,
        title=f"{group.container} crashes by itself",
        because=(
            f"pod {key[1]} is not ready: {proofs.condition_of(pod).partition(': ')[2]}",
            f"{group.container} ends by itself: {ending}",
            *([f"its last words: {last}"] if last else []),
        ),
        evidence=(proofs.not_ready(pod), *((ended,) if end else ())),
        affected=tuple(key_of(one) for one in group.pods),
        fix=way_back(world, owner, "go back, or mend the app", Advice("its last words", logs)),
        edge=Edge.APP,
        place=group.container,
        independent=end is not None and (end.exit_code in NOT_RUN or end.reason == "StartError"),
    )


def _last_words(world: World, pod: Pod, group: Group) -> str:
    lines = world.logs.get((key_of(pod), group.container), ())
    end = last_end(group.status)
    said = [line for line in [*(end.message.splitlines() if end else []), *lines] if line.strip()]
    return said[-1].strip()[:200] if said else ""


CAUSE = Cause(
    name="app-crash-loop",
    judge=judge,
    fault=Fault(
        title="give ratings-v1 a command that fails",
        steps=(
            Patch(
                Ref("Deployment", "{namespace}", "ratings-v1"),
                {"spec": {"template": {"spec": {"containers": [{
                    "name": "ratings",
                    "command": ["sh", "-c", "echo ratings: no such database >&2; exit 1"],
                }]}}}},
                How.STRATEGIC,
            ),
        ),
        look="kubectl get pods: ratings-v1 1/2 CrashLoopBackOff; kubectl logs -c ratings",
    ),
    doc="""The container that is not ready is the app's, and it ended by itself with an error more
than once; the proxy is ready. When the proxy of the same pod has no configuration the crash may
be its consequence, and only the deeper cause is named.""",
)  # fmt: skip
