"""The pilot's pods are wanted and run, and none of them is ready."""

from collections.abc import Iterator

from telltale.kube.apps import Deployment
from telltale.kube.codec import Json
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, DeletePods, Fault, Fix, How, Patch, RestartProxies, Step, Undo
from telltale.why.pods import State, age_s, crashing, key_of, state
from telltale.why.world import World

# A pod whose readiness changed this long after it was made had been ready.
ONCE_READY_S = 20
REVISION = "deployment.kubernetes.io/revision"
PILOT = Ref("Deployment", "istio-system", "istio-pilot")


def judge(world: World) -> Iterator[Finding]:
    pilot = parts.pilot(world)
    workload, pods = pilot.workload, sorted(pilot.pods, key=key_of)
    if workload is None or not pods or pilot.ready or "pods" not in world.complete:
        return
    crashed = any(crashing(one) for pod in pods for one in pod.status.container_statuses)
    if crashed or any(state(pod, world.now) is State.STARTING for pod in pods):
        return
    ref = Ref("Deployment", workload.metadata.namespace, workload.metadata.name)
    hit = parts.victims(world, parts.BEFORE_CONFIG)
    said = proofs.last_probe(world, pods[0])
    yield Finding(
        cause=CAUSE.name,
        object=ref,
        field="status.readyReplicas",
        expected="1 or more",
        found=said or proofs.condition_of(pods[0]),
        title="the pilot has no ready pod",
        because=(
            *proofs.chain_to_pilot(world, hit.pods),
            f"Deployment {ref.namespace}/{ref.name} has no ready pod, so its Service leads nowhere",
            proofs.condition_of(pods[0]),
            *([f"the kubelet says: {said}"] if said else []),
        ),
        evidence=(
            *proofs.waiting(world, hit.pods),
            Evidence("no pod of it is ready", proofs.read(ref, ".status.readyReplicas"), ""),
        ),
        affected=hit.pods,
        fix=_fix(ref, workload, _was_ready(world, pods[0])),
        edge=Edge.PILOT,
        place=f"pilot {pilot.target}",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


def _was_ready(world: World, pod: Pod) -> bool:
    """Whether it was ready once: then it hangs, and no change of its template did it."""
    ready = pod.condition("Ready")
    lost, made = ready.last_transition_time if ready else None, pod.metadata.creation_timestamp
    if not lost or not made:
        return False
    return age_s(made, world.now) - age_s(lost, world.now) > ONCE_READY_S


def _fix(ref: Ref, workload: Deployment, was_ready: bool) -> Fix:
    revision = int(workload.metadata.annotations.get(REVISION, "1"))
    changed = revision > 1 and not was_ready
    labels = workload.spec.selector.match_labels
    kubectl = f"kubectl -n {ref.namespace}"
    chosen = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    logs = Advice("what it says", f"{kubectl} logs deployment/{ref.name} --tail=20")
    restart = Advice("if it hangs", f"{kubectl} delete pod -l {chosen} --wait=false")
    first: tuple[Step, ...] = (DeletePods(ref.namespace, (), chosen),)
    return Fix(
        title="take the pilot back to its revision before" if changed else "restart the pilot",
        steps=(*((Undo(ref), restart) if changed else first), logs),
        scope="mesh-wide; proxies that have their configuration go on with it",
        automatic=False,
        expect="once the pilot is ready istio-proxy tries again: every pod is n/n within 30 s",
    )


_NEVER_READY: Json = {
    "containers": [{
        "name": "discovery",
        "readinessProbe": {"httpGet": {"path": "/nope", "port": 8080}, "periodSeconds": 1},
    }]
}  # fmt: skip

CAUSE = Cause(
    name="pilot-no-ready-pod",
    judge=judge,
    fault=Fault(
        title="ask the pilot for a readiness page that it does not have",
        steps=(
            # Else the pod of before would stay until the new one is ready.
            Patch(PILOT, {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}),
            Patch(PILOT, {"spec": {"template": {"spec": _NEVER_READY}}}, How.STRATEGIC),
            RestartProxies("{namespace}"),
        ),
        look="kubectl get pods -n istio-system: istio-pilot 0/1 Running",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The pilot's pods run and none is ready: it hangs, is cut off from the API server, or is
asked the wrong question. Its Service has no endpoint, so connections are refused. Differs from
pilot-crash-loop in that it does not end, and from pilot-service-selects-nothing in that there is
no ready pod to select.""",
)  # fmt: skip
