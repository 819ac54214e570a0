"""A container that must end well before the others start ends badly."""

from collections.abc import Iterator

from telltale.kube.core import ContainerStatus, Pod
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, Fault, How, Patch
from telltale.why.pods import CRASH_REASON, key_of, last_end
from telltale.why.workloads import Group, groups, way_back
from telltale.why.world import World


def judge(world: World) -> Iterator[Finding]:
    for group in groups(world, _inits, lambda _, status: _fails(status)):
        yield _finding(world, group)


def _inits(pod: Pod) -> list[ContainerStatus]:
    return list(pod.status.init_container_statuses)


def _fails(status: ContainerStatus) -> bool:
    end, waiting = last_end(status), status.state.waiting
    if status.ready or end is None or end.exit_code == 0 or end.reason == "OOMKilled":
        return False
    again = waiting is not None and waiting.reason == CRASH_REASON
    return again or status.state.terminated is not None


def _finding(world: World, group: Group) -> Finding:
    pod, owner, name = group.first, group.owner, group.container
    key, end = key_of(pod), last_end(group.status)
    deep = "spec" if owner.kind == "Pod" else "spec.template.spec"
    ending = proofs.ending(pod, name)
    lines = [line for line in world.logs.get((key, name), ()) if line.strip()]
    last = lines[-1].strip()[:200] if lines else ""
    path = f'.status.initContainerStatuses[?(@.name=="{name}")]..terminated.exitCode'
    return Finding(
        cause=CAUSE.name,
        object=owner,
        field=f"{deep}.initContainers[{name}]",
        expected="it ends well (exit code 0)",
        found=ending,
        title=f"init container {name} fails, so nothing else of the pod starts",
        because=(
            f"pod {key[1]} is not ready: its containers wait for init container {name}",
            f"{name} ends badly: {ending}",
            *([f"its last words: {last}"] if last else []),
        ),
        evidence=(
            proofs.not_ready(pod),
            Evidence(
                "it ended badly", proofs.read(proofs.pod_ref(key), path),
                str(end.exit_code if end else ""),
            ),
        ),
        affected=tuple(key_of(one) for one in group.pods),
        fix=way_back(
            world, owner, "go back, or mend what it waits for or runs",
            Advice("its last words", f"kubectl -n {key[0]} logs {key[1]} -c {name}"),
        ),
        edge=Edge.APP,
        place=f"init container {name}",
        independent=False,
    )  # fmt: skip


CAUSE = Cause(
    name="init-container-fails",
    judge=judge,
    fault=Fault(
        title="give ratings-v1 an init container that fails",
        steps=(
            Patch(
                Ref("Deployment", "{namespace}", "ratings-v1"),
                {"spec": {"template": {"spec": {"initContainers": [{
                    "name": "migrate",
                    "image": "telltale/examples-bookinfo-ratings-v1:1.0",
                    "command": ["sh", "-c", "echo migrate: no such table >&2; exit 3"],
                }]}}}},
                How.STRATEGIC,
            ),
        ),
        look="kubectl get pods: ratings-v1 0/2 Init:Error, then Init:CrashLoopBackOff",
    ),
    doc="""Init containers run one after the other before the app and the proxy: one that ends with
an error holds back all. Its own log says why. Differs from app-crash-loop in that neither app nor
proxy has ever started.""",
)  # fmt: skip
