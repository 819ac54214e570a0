"""No node takes the pod."""

from collections.abc import Iterator

from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, Fault, How, Patch
from telltale.why.pods import age_s, key_of, workload
from telltale.why.workloads import way_back
from telltale.why.world import World

# Seconds within which room may still be made: an old pod leaves, a node joins.
PATIENCE_S = 5


def judge(world: World) -> Iterator[Finding]:
    found: dict[Ref, list[Pod]] = {}
    for pod in sorted(world.focused(), key=key_of):
        if _refused(pod) and age_s(pod.metadata.creation_timestamp, world.now) > PATIENCE_S:
            found.setdefault(workload(pod), []).append(pod)
    for owner, pods in sorted(found.items()):
        yield _finding(world, owner, pods)


def _refused(pod: Pod) -> str:
    """The scheduler's words; empty when it has none against this pod."""
    condition = pod.condition("PodScheduled")
    if pod.metadata.deletion_timestamp or condition is None or condition.status != "False":
        return ""
    return condition.message if condition.reason == "Unschedulable" else ""


def _finding(world: World, owner: Ref, pods: list[Pod]) -> Finding:
    key, said = key_of(pods[0]), _refused(pods[0])
    path = '.status.conditions[?(@.type=="PodScheduled")].message'
    deep = "spec" if owner.kind == "Pod" else "spec.template.spec"
    selector = pods[0].spec.node_selector
    describe = f"kubectl -n {key[0]} describe pod {key[1]}"
    return Finding(
        cause=CAUSE.name,
        object=owner,
        field=f"{deep}.nodeSelector" if selector else deep,
        expected="a node that fits",
        found=said,
        title="no node takes the pod",
        because=(
            f"pod {key[1]} is Pending: the scheduler finds no node for it",
            f"it says: {said}",
            *(
                [f"it asks for nodes with {','.join(f'{k}={v}' for k, v in selector.items())}"]
                if selector
                else []
            ),
        ),
        evidence=(Evidence("the scheduler says", proofs.read(proofs.pod_ref(key), path), said),),
        affected=tuple(key_of(pod) for pod in pods),
        fix=way_back(
            world, owner, "go back, ask for less, or add a node", Advice("its demands", describe)
        ),
        edge=Edge.APP,
        place="no node",
    )


CAUSE = Cause(
    name="pod-unschedulable",
    judge=judge,
    fault=Fault(
        title="let ratings-v1 ask for a node that there is not",
        steps=(
            Patch(
                Ref("Deployment", "{namespace}", "ratings-v1"),
                {"spec": {"template": {"spec": {"nodeSelector": {"disk": "no-such-disk"}}}}},
                How.STRATEGIC,
            ),
        ),
        look="kubectl get pods: ratings-v1 0/2 Pending; kubectl describe pod: FailedScheduling",
    ),
    doc="""The pod stays Pending since no node fits: what it asks for (resources, a node selector)
no node has. Nothing of it has run yet, so neither mesh nor app can be at fault.""",
)
