"""Evidence that several causes lean on: each a claim with the command that shows it. Pure.

Values are exact pieces of what the command prints, and none of them moves while the fault stands.
"""

from dataclasses import dataclass

import orjson

from telltale.kube.codec import Object
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.kube.service import Service
from telltale.why.cause import Evidence
from telltale.why.fix import PROXIES_RETRY, Advice, Fix, Patch
from telltale.why.parts import Part, intended_selector
from telltale.why.pods import (
    SIDECAR,
    PodKey,
    apps,
    held_back,
    key_of,
    last_end,
    waits_for_config,
)
from telltale.why.reports import Source
from telltale.why.world import World, template_labels


def read(ref: Ref, path: str) -> str:
    """The command that prints one field of one object."""
    where = f"-n {ref.namespace} " if ref.namespace else ""
    return f"kubectl {where}get {ref.kind.lower()} {ref.name} -o jsonpath='{{{path}}}'"


def agent_page(key: PodKey) -> str:
    namespace, name = key
    return f"kubectl get --raw /api/v1/namespaces/{namespace}/pods/{name}:15020/proxy/debug/why"


def pod_ref(key: PodKey) -> Ref:
    return Ref("Pod", *key)


def not_ready(pod: Pod) -> Evidence:
    """READY where it stands still: while it is the app that waits, its sidecar comes and goes."""
    namespace, name = key_of(pod)
    how = f"kubectl -n {namespace} get pod {name}"
    if waits_for_config(pod) and all(one.ready for one in apps(pod)):
        return Evidence(f"{name} is not ready", f"{how} --no-headers", pod.readiness)
    path = '{.status.conditions[?(@.type=="Ready")].status}'
    return Evidence(f"{name} is not ready", f"{how} -o jsonpath='{path}'", "False")


def agent_says(world: World, affected: tuple[PodKey, ...]) -> tuple[Evidence, ...]:
    """What the agent of one affected pod says itself, or its log when it could not be asked."""
    for key in affected:
        report = world.reports.get(key)
        if report is None or not report.error:
            continue
        if report.source is Source.LOG:
            how = f"kubectl -n {key[0]} logs {key[1]} -c {SIDECAR} --tail=200"
            return (Evidence("the log of istio-proxy says", how, report.error),)
        claim = f"istio-proxy says (stage {report.stage})"
        # What was not looked into yet changes in a moment; the stage stays as long as the fault.
        value = report.stage if report.unsettled else report.error
        return (Evidence(claim, agent_page(key), value),)
    return ()


def from_log(world: World, affected: tuple[PodKey, ...]) -> tuple[str, ...]:
    """The note that the agents' own reports were not to be had."""
    sources = {one.source for key in affected if (one := world.reports.get(key))}
    if Source.AGENT in sources or not sources:
        return ()
    return ("istio-proxy could not be asked itself: what it says above is from its log",)


def no_service_has(address: str) -> Evidence:
    path = f'.items[?(@.spec.clusterIP=="{address}")].metadata.name'
    return Evidence(
        f"no Service has the address {address}",
        f"kubectl get services -A -o jsonpath='{{{path}}}'",
        "",
    )


def no_such(ref: Ref) -> Evidence:
    where = f"-n {ref.namespace} " if ref.namespace else ""
    how = f"kubectl {where}get {ref.kind.lower()} {ref.name} --ignore-not-found -o name"
    return Evidence(f"there is no {ref}", how, "")


def last_probe(world: World, pod: Pod) -> str:
    """The newest failure of a readiness probe that the kubelet told of; "" when it told of none."""
    told = [
        event
        for status in pod.status.container_statuses
        for event in world.events_of(pod, "Unhealthy", status.name)
    ]
    return told[-1].message if told else ""


def service_ref(service: Service) -> Ref:
    return Ref("Service", service.metadata.namespace, service.metadata.name)


def first(affected: tuple[PodKey, ...], world: World) -> Pod:
    """One affected pod to speak for all: one whose agent was asked, if any was."""
    asked = [key for key in affected if key in world.reports] or list(affected)
    return next(pod for pod in world.pods if key_of(pod) == asked[0])


def symptom(world: World, affected: tuple[PodKey, ...]) -> str:
    """The first link of the chain for a proxy that waits."""
    where = sorted({namespace for namespace, _ in affected})
    pods = "1 pod" if len(affected) == 1 else f"{len(affected)} pods"
    lacking = "istio-proxy has no configuration from the pilot"
    return f"{pods} of {', '.join(where)} not ready: {lacking}"


def ending(pod: Pod, container: str) -> str:
    """How a container last ended: `exit code 139 (Error)`."""
    statuses = [*pod.status.container_statuses, *pod.status.init_container_statuses]
    status = next((one for one in statuses if one.name == container), None)
    end = last_end(status) if status else None
    if end is None:
        return "has not ended"
    how = f"signal {end.signal}" if end.signal else f"exit code {end.exit_code}"
    return f"{how} ({end.reason})" if end.reason else how


def waiting(world: World, affected: tuple[PodKey, ...]) -> tuple[Evidence, ...]:
    """That a proxy waits, and where its agent ends; nothing when nobody waits yet."""
    if not affected:
        return ()
    return (not_ready(first(affected, world)), *agent_says(world, affected))


def chain_to_resolve(world: World, affected: tuple[PodKey, ...]) -> tuple[str, ...]:
    return _chain(world, affected, "istio-proxy cannot find the pilot: ")


def chain_to_pilot(world: World, affected: tuple[PodKey, ...]) -> tuple[str, ...]:
    return _chain(world, affected, "istio-proxy cannot reach the pilot: ")


def condition_of(pod: Pod) -> str:
    """A pod that should run and does not, in words."""
    for status in [*pod.status.container_statuses, *pod.status.init_container_statuses]:
        waits, end = status.state.waiting, last_end(status)
        if waits is not None:
            last = f", last {ending(pod, status.name)}" if end else ""
            return f"pod {pod.metadata.name}: {status.name} waits: {waits.reason}{last}"
        if end is not None and not status.ready:
            return f"pod {pod.metadata.name}: {status.name} ended, {ending(pod, status.name)}"
    for status in pod.status.container_statuses:
        if status.state.running is not None and not status.ready:
            return f"pod {pod.metadata.name}: {status.name} runs, its readiness probe does not pass"
    return f"pod {pod.metadata.name}: {pod.status.phase}, not ready"


@dataclass(frozen=True, slots=True)
class WrongSelector:
    """A Service whose selector matches no pod of the workload behind it."""

    expected: str
    found: str
    because: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    fix: Fix


def selector_mismatch(part: Part) -> WrongSelector:
    """What a Service selects, what it should, and the patch. The part must have both objects."""
    assert part.service and part.workload
    ref, now = service_ref(part.service), part.service.spec.selector
    meta, intended = part.workload.metadata, intended_selector(part)
    said = orjson.dumps(now, option=orjson.OPT_SORT_KEYS).decode() if now else ""
    labels = _pairs(intended or template_labels(part.workload))
    return WrongSelector(
        expected=labels,
        found=_pairs(now) or "no selector",
        because=(
            f"Service {ref.namespace}/{ref.name} selects {_pairs(now) or 'nothing'}",
            f"the pods of Deployment {meta.namespace}/{meta.name} are labelled {labels}",
        ),
        evidence=(Evidence("its selector matches none", read(ref, ".spec.selector"), said),),
        fix=_select(ref, now, intended) if intended else _choose(ref, labels),
    )


def _select(ref: Ref, now: dict[str, str], intended: dict[str, str]) -> Fix:
    selector: Object = {**dict.fromkeys(now, None), **intended}
    return Fix(
        title=f"let the Service select {_pairs(intended)}",
        steps=(Patch(ref, {"spec": {"selector": selector}}),),
        scope=f"one object: {ref}",
        automatic=True,
        expect=PROXIES_RETRY,
    )


def _choose(ref: Ref, labels: str) -> Fix:
    command = f"kubectl -n {ref.namespace} edit service {ref.name}"
    return Fix(
        title="give the Service a selector that matches its pods",
        steps=(Advice(f"choose among {labels}", command),),
        scope=f"one object: {ref}",
        automatic=False,
        expect=PROXIES_RETRY,
    )


def _pairs(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _chain(world: World, affected: tuple[PodKey, ...], lead: str) -> tuple[str, ...]:
    if not affected:
        return ()
    pod = first(affected, world)
    report = world.report(pod)
    settled = report is not None and not report.unsettled
    said = lead + report.error if report and settled else "istio-proxy has no stream to the pilot"
    if held_back(pod):
        said = "istio-proxy ended, and waits to be started again (CrashLoopBackOff)"
    return (symptom(world, affected), said)
