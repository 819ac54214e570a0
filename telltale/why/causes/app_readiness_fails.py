"""The app runs and its own readiness probe fails."""

import re
from collections.abc import Iterator

from telltale.kube.codec import Malformed, convert, dig
from telltale.kube.core import Container, ContainerStatus, Pod, Probe
from telltale.kube.meta import Ref
from telltale.why import proofs
from telltale.why.cause import Cause, Edge, Evidence, Finding
from telltale.why.fix import Advice, Fault, How, Patch
from telltale.why.pods import apps, key_of, late, spec_of
from telltale.why.workloads import Group, groups, way_back
from telltale.why.world import World

_ANSWERED = re.compile(r"statuscode: (?P<code>\d+)")
# An answer that says "wrong question" will not change with time; it needs to be seen this often.
SURE_COUNT = 2


def judge(world: World) -> Iterator[Finding]:
    def troubled(pod: Pod, status: ContainerStatus) -> bool:
        return _fails(world, pod, status)

    for group in groups(world, apps, troubled):
        yield _finding(world, group)


def _fails(world: World, pod: Pod, status: ContainerStatus) -> bool:
    spec = spec_of(pod, status.name)
    if status.ready or not status.state.running or not spec or not spec.readiness_probe:
        return False
    if status.started is False:
        return False  # its startup probe has the word
    if late(pod, status, world.now):
        return True
    return _code(_message(world, pod, status)).startswith("4")


def _message(world: World, pod: Pod, status: ContainerStatus) -> str:
    """The last failure that the kubelet saw since this container started, if often enough."""
    began = status.state.running.started_at if status.state.running else None
    for event in reversed(world.events_of(pod, "Unhealthy", status.name)):
        moment = event.last_timestamp or event.event_time or ""
        if event.message.startswith("Readiness") and (not began or moment >= began):
            late_enough = event.count >= SURE_COUNT or late(pod, status, world.now)
            return event.message if late_enough else ""
    return ""


def _code(message: str) -> str:
    found = _ANSWERED.search(message)
    return found["code"] if found else ""


def _finding(world: World, group: Group) -> Finding:
    pod, owner = group.first, group.owner
    key = key_of(pod)
    message = _message(world, pod, group.status)
    probe = _probe(world, group)
    failure = message.partition(": ")[2] or "it has not passed since the container started"
    events = (
        f"kubectl -n {key[0]} get events --field-selector"
        f" involvedObject.name={key[1]},reason=Unhealthy -o jsonpath='{{.items[*].message}}'"
    )
    seen = (Evidence("the kubelet says so", events, message),) if message else ()
    edit = f"kubectl -n {owner.namespace} edit {owner.kind.lower()}/{owner.name}"
    return Finding(
        cause=CAUSE.name,
        object=owner,
        field=f"{group.field}.readinessProbe",
        expected="an answer that means ready",
        found=f"{probe}: {failure}",
        title=f"the readiness probe of {group.container} fails",
        because=(
            f"pod {key[1]} is not ready: {group.container} runs, its readiness probe fails",
            f"the probe: {probe}",
            f"the answer: {failure}",
        ),
        evidence=(proofs.not_ready(pod), *seen),
        affected=tuple(key_of(one) for one in group.pods),
        fix=way_back(
            world, owner, "correct the probe, or the app", Advice("correct the probe", edit)
        ),
        edge=Edge.APP,
        place=f"{group.container} readiness probe",
        independent=_code(message).startswith("4"),
        notes=()
        if message
        else ("no event of the probe could be read: known from the container's own state alone",),
    )


def _probe(world: World, group: Group) -> str:
    """The probe in words, as the user wrote it: the mesh may have turned it to its agent."""
    written = _written(world, group.owner, group.container)
    spec = spec_of(group.first, group.container)
    return describe(written or (spec.readiness_probe if spec else None))


def _written(world: World, owner: Ref, container: str) -> Probe | None:
    found = world.deployment(owner.namespace, owner.name) if owner.kind == "Deployment" else None
    plain = dig(found.spec.template, "spec", "containers", default=[]) if found else []
    try:
        written = convert(list[Container], plain)
    except Malformed:
        return None
    return next((one.readiness_probe for one in written if one.name == container), None)


def describe(probe: Probe | None) -> str:
    if probe is None:
        return "no probe"
    if probe.http_get:
        return f"GET {probe.http_get.path} on port {probe.http_get.port}"
    if probe.tcp_socket:
        return f"connect to port {probe.tcp_socket.port}"
    if probe.grpc:
        return f"gRPC health on port {probe.grpc.port}"
    return f"run {' '.join(probe.exec.command)}" if probe.exec else "no probe"


CAUSE = Cause(
    name="app-readiness-fails",
    judge=judge,
    fault=Fault(
        title="ask reviews-v1 for a readiness page that it does not have",
        steps=(
            Patch(
                Ref("Deployment", "{namespace}", "reviews-v1"),
                {"spec": {"template": {"spec": {"containers": [{
                    "name": "reviews",
                    "readinessProbe": {
                        "httpGet": {"path": "/nope", "port": 9080},
                        "periodSeconds": 2, "failureThreshold": 2,
                    },
                }]}}}},
                How.STRATEGIC,
            ),
        ),
        look="kubectl describe pod: Readiness probe failed with 404, of reviews, not istio-proxy",
    ),
    doc="""The container that is not ready is the app's, it runs, and the kubelet's probe of it
fails; the proxy is ready. Differs from all mesh causes in whose probe it is, and from a pod
that is starting in that the answer cannot change with time (404) or the probe's whole budget is
used up.""",
)  # fmt: skip
