"""A pod's status as the kubelet writes it, from what the node remembers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from telltale.cluster.node.decide import due, is_sidecar, policy_of
from telltale.cluster.node.record import Record, Run
from telltale.kube import codec
from telltale.kube.codec import Json, Object
from telltale.kube.core import Container, Pod
from telltale.kube.meta import Condition
from telltale.lib.moment import rfc3339


@dataclass(frozen=True, slots=True)
class View:
    """A pod's record, its object as the API has it, and the moment (seconds since the epoch).

    `before` is what we said last: a condition keeps its time while its status stays.
    """

    record: Record
    pod: Pod
    host: str
    now: float
    terminating: bool = False
    before: Mapping[str, Condition] = field(default_factory=dict)


def status(view: View) -> Object:
    """The whole status but for conditions that others own; merge it by condition type."""
    record, spec = view.record, view.record.pod.spec
    found: Object = {
        "phase": phase(view),
        "conditions": _conditions(view),
        "hostIP": view.host,
        "hostIPs": [{"ip": view.host}],
        "startTime": stamp(record.start_time),
        "qosClass": quality(record.pod),
        "containerStatuses": [_container(view, one) for one in spec.containers],
    }
    if spec.init_containers:
        found["initContainerStatuses"] = [_container(view, one) for one in spec.init_containers]
    if record.reason:
        found |= {"reason": record.reason, "message": record.message}
    address = view.host if spec.host_network else record.address
    if address:
        found |= {"podIP": address, "podIPs": [{"ip": address}]}
    return found


def phase(view: View) -> str:
    """Pending until every container has been started once; then Running until it is finished."""
    record = view.record
    if record.finished:
        return record.finished
    begun = [
        run.running or run.state.terminated is not None or run.attempt > 0
        for run in (record.runs[one.name] for one in record.pod.spec.containers)
    ]
    return "Running" if all(begun) else "Pending"


def stamp(moment: float) -> str:
    return rfc3339(datetime.fromtimestamp(moment, UTC))


def backing_off(view: View, container: Container) -> bool:
    """It has ended, shall run again, and is not due yet."""
    run = view.record.runs[container.name]
    policy = policy_of(view.record.pod, container)
    waits = run.state.terminated is not None and run.retry_at > view.now
    return waits and due(run, policy) and not view.terminating and not view.record.finished


def quality(pod: Pod) -> str:
    """The QoS class."""
    kinds = ("cpu", "memory")
    named = [
        (one.resources.requests.get(kind), one.resources.limits.get(kind))
        for one in (*pod.spec.init_containers, *pod.spec.containers)
        for kind in kinds
    ]
    if all(request is None and limit is None for request, limit in named):
        return "BestEffort"
    whole = all(limit is not None and request in (None, limit) for request, limit in named)
    return "Guaranteed" if whole else "Burstable"


def _container(view: View, container: Container) -> Object:
    run = view.record.runs[container.name]
    state, last = codec.to_object(_explicit(run)), codec.to_object(run.last)
    if backing_off(view, container):
        last, state = state, {"waiting": _crash_loop(view, run)}
    found: Object = {
        "name": run.name,
        "image": run.image or container.image,
        "imageID": run.image_id,
        "ready": ready(view, container),
        "started": run.started and run.running,
        "restartCount": run.attempt,
        "state": state,
        "lastState": last,
    }
    if run.id:
        found["containerID"] = f"runc://{run.id}"
    return found


def ready(view: View, container: Container) -> bool:
    """An init container is ready when it has succeeded; none is while the pod goes down."""
    run = view.record.runs[container.name]
    if view.terminating:
        return False
    init = any(one.name == container.name for one in view.record.pod.spec.init_containers)
    if init and not is_sidecar(container):
        return run.succeeded
    return run.running and run.ready


def _explicit(run: Run) -> object:
    """The state; an exit code of 0 is written out, though it is the default."""
    plain = codec.to_object(run.state)
    ended = plain.get("terminated")
    if isinstance(ended, dict):
        ended.setdefault("exitCode", 0)
    return plain


def _crash_loop(view: View, run: Run) -> Object:
    meta = view.record.pod.metadata
    pause = _duration(run.retry_at - view.now if run.pause_s is None else run.pause_s)
    return {
        "reason": "CrashLoopBackOff",
        "message": f"back-off {pause} restarting failed container={run.name} "
        f"pod={meta.name}_{meta.namespace}({meta.uid})",
    }


def _duration(seconds: float) -> str:
    """As Go prints it: 10s, 1m20s, 5m0s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _conditions(view: View) -> list[Json]:
    record, spec = view.record, view.record.pod.spec
    done = record.finished == "Succeeded"
    unready = [one.name for one in _counted(spec.containers, spec.init_containers)
               if not ready(view, one)]  # fmt: skip
    waiting = [one.name for one in spec.init_containers if not _initialized(record, one)]
    containers = _verdict(
        "ContainersReady", unready, "ContainersNotReady", "containers with unready status"
    )
    if record.finished:
        reason = "PodCompleted" if done else "PodFailed"
        containers = Condition(type="ContainersReady", status="False", reason=reason)
    initialized = _verdict(
        "Initialized", waiting, "ContainersNotInitialized", "containers with incomplete status"
    )
    networked = "True" if record.networked and not record.finished else "False"
    found = [
        Condition(type="PodReadyToStartContainers", status=networked),
        initialized,
        _ready(view, containers),
        containers,
    ]
    return [_dated(view, one) for one in found]


def _counted(containers: Sequence[Container], inits: Sequence[Container]) -> list[Container]:
    return [*(one for one in inits if is_sidecar(one)), *containers]


def _initialized(record: Record, container: Container) -> bool:
    run = record.runs[container.name]
    return run.started if is_sidecar(container) else run.succeeded


def _verdict(type: str, names: list[str], reason: str, words: str) -> Condition:
    if not names:
        return Condition(type=type, status="True")
    message = f"{words}: [{' '.join(names)}]"
    return Condition(type=type, status="False", reason=reason, message=message)


def _ready(view: View, containers: Condition) -> Condition:
    """The containers', and the readiness gates that others answer for."""
    if containers.status != "True":
        return Condition(
            type="Ready", status="False", reason=containers.reason, message=containers.message
        )
    complaints = []
    for gate in view.record.pod.spec.readiness_gates:
        found = view.pod.condition(gate.condition_type)
        words = f'pod readiness gate "{gate.condition_type}"'
        if found is None:
            complaints.append(f"corresponding condition of {words} does not exist.")
        elif found.status != "True":
            complaints.append(f'the status of {words} is not "True", but {found.status}')
    if not complaints:
        return Condition(type="Ready", status="True")
    return Condition(
        type="Ready", status="False", reason="ReadinessGatesNotReady",
        message=", ".join(complaints),
    )  # fmt: skip


def _dated(view: View, condition: Condition) -> Object:
    """With the time since which it has been so. Reason and message are always written: a merge
    would keep the old ones."""
    before = view.before.get(condition.type)
    same = before is not None and before.status == condition.status
    since = before.last_transition_time if same and before else None
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason or None,
        "message": condition.message or None,
        "lastProbeTime": None,
        "lastTransitionTime": since or stamp(view.now),
    }
