"""The pilot ends again and again: most often a mesh configuration that it cannot read."""

import re
from collections.abc import Iterator

from telltale.kube import codec
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.why import parts, proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, DeletePods, Fault, Fix, Patch, RestartProxies
from telltale.why.pods import crashing, key_of
from telltale.why.world import World

CONFIG = Ref("ConfigMap", "istio-system", "istio")
_BLAMES_CONFIG = re.compile(
    r"(?i)mesh ?config|configmap\W+(istio-system/)?istio\b|istio-system/istio\b"
)


def judge(world: World) -> Iterator[Finding]:
    pilot = parts.pilot(world)
    crashed = [pod for pod in pilot.pods if any(map(crashing, pod.status.container_statuses))]
    if pilot.workload is None or pilot.ready or not crashed:
        return
    meta = pilot.workload.metadata
    deployment = Ref("Deployment", meta.namespace, meta.name)
    pod = min(crashed, key=lambda one: one.metadata.name)
    container = next(one.name for one in pod.status.container_statuses if crashing(one))
    last = _last_words(world, pod, container)
    text = _mesh(world)
    broken = text is not None and not _readable(text)
    blamed = broken or (text is not None and bool(_BLAMES_CONFIG.search(last)))
    hit = parts.victims(world, parts.BEFORE_CONFIG)
    yield Finding(
        cause=CAUSE.name,
        object=CONFIG if blamed else deployment,
        field="data.mesh" if blamed else f"spec.template.spec.containers[{container}]",
        expected="YAML that the pilot can read" if blamed else "a process that keeps running",
        found=last or proofs.ending(pod, container),
        title=f"the pilot crashes{' on its mesh configuration' if blamed else ''}",
        because=(
            *proofs.chain_to_pilot(world, hit.pods),
            f"Deployment {deployment.namespace}/{deployment.name} has no ready pod",
            proofs.condition_of(pod),
            *([f"its last words: {last}"] if last else []),
        ),
        evidence=(*proofs.waiting(world, hit.pods), *_evidence(pod, container, last)),
        affected=hit.pods,
        fix=_mend(text, deployment) if broken and text is not None else _advise(blamed, deployment),
        edge=Edge.PILOT,
        place=f"pilot {pilot.target}",
        certain=hit.certain,
        notes=proofs.from_log(world, hit.pods),
    )


def _mesh(world: World) -> str | None:
    found = world.config_map(CONFIG.namespace, CONFIG.name)
    return found.data.get("mesh") if found else None


def _readable(text: str) -> bool:
    """A mapping, or nothing at all."""
    try:
        codec.parse_yaml(text)
    except codec.Malformed:
        return False
    return True


def readable_part(text: str) -> str:
    """The longest run of lines from the top that can be read."""
    lines = text.splitlines(keepends=True)
    for count in range(len(lines) - 1, 0, -1):
        if _readable(kept := "".join(lines[:count])):
            return kept
    return ""


def _last_words(world: World, pod: Pod, container: str) -> str:
    """What it wrote last: the termination message, or the last line of its log."""
    status = next(one for one in pod.status.container_statuses if one.name == container)
    end = status.state.terminated or status.last_state.terminated
    lines = world.logs.get((key_of(pod), container), ())
    blame = [line for line in lines if _BLAMES_CONFIG.search(line)]
    said = [line for line in [*(end.message.splitlines() if end else []), *lines] if line.strip()]
    return (blame or said or [""])[-1].strip()[:300]


def _evidence(pod: Pod, container: str, last: str) -> Iterator[Evidence]:
    status = next(one for one in pod.status.container_statuses if one.name == container)
    end = status.state.terminated or status.last_state.terminated
    if end is not None:
        path = f'.status.containerStatuses[?(@.name=="{container}")]..terminated.exitCode'
        labels = "app=" + pod.metadata.labels.get("app", "pilot")
        how = (
            f"kubectl -n {pod.metadata.namespace} get pods -l {labels}"
            f" -o jsonpath='{{.items[*]{path}}}'"
        )
        yield Evidence("the pilot's container ends badly", how, str(end.exit_code))


def _mend(text: str, deployment: Ref) -> Fix:
    kept = readable_part(text)
    dropped = len(text.splitlines()) - len(kept.splitlines())
    return Fix(
        title=f"keep what can be read of the mesh configuration, drop {dropped} of its lines",
        steps=(
            Patch(CONFIG, {"data": {"mesh": kept}}),
            DeletePods(deployment.namespace, labels="app=pilot"),
        ),
        scope=f"mesh-wide: {CONFIG}; better still, restore what was meant",
        automatic=False,
        expect="the pilot starts, istio-proxy tries again: every pod is n/n within 30 s",
    )


def _advise(blamed: bool, deployment: Ref) -> Fix:
    kubectl = f"kubectl -n {deployment.namespace}"
    edit = Advice("correct the mesh configuration", f"{kubectl} edit configmap {CONFIG.name}")
    undo = Advice(
        "if it ran before a change", f"{kubectl} rollout undo deployment/{deployment.name}"
    )
    logs = Advice("what it says", f"{kubectl} logs deployment/{deployment.name} --previous")
    return Fix(
        title="mend what the pilot stumbles over",
        steps=(edit, logs) if blamed else (logs, undo),
        scope="mesh-wide",
        automatic=False,
        expect="once the pilot is ready istio-proxy tries again: every pod is n/n within 30 s",
    )


CAUSE = Cause(
    name="pilot-crash-loop",
    judge=judge,
    fault=Fault(
        title="add a line to the mesh configuration that is no YAML, and restart the pilot",
        steps=(
            Patch(CONFIG, {"data": {"mesh": "{mesh}\ndefaultConfig: [\n"}}),
            DeletePods("istio-system", labels="app=pilot"),
            RestartProxies("{namespace}"),
        ),
        look="kubectl get pods -n istio-system: istio-pilot CrashLoopBackOff; its log says why",
    ),
    explains=frozenset({"app-crash-loop", "app-readiness-fails"}),
    doc="""The pilot starts, ends with an error, starts again: nobody answers behind its name. Its
own last line tells why. Differs from pilot-scaled-to-zero in that pods are wanted, and from
pilot-service-selects-nothing in that none of them is ready.""",
)
