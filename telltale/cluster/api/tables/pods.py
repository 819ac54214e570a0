"""The columns of pods; STATUS as kubectl derives it from phases, reasons and states. Pure."""

from dataclasses import dataclass
from datetime import datetime

from telltale.cluster.api.objects import listed, number, part, text
from telltale.cluster.api.tables.column import AGE, NAME, Column, age, said, shown
from telltale.kube.codec import Json, Object, dig


@dataclass
class Summary:
    """What one line says of a pod."""

    ready: int = 0
    total: int = 0
    restarts: int = 0
    restarted_at: str = ""
    reason: str = ""


def summary(pod: Object) -> Summary:
    """Source: `printPod`."""
    found = Summary(total=len(listed(pod, "spec", "containers")))
    found.reason = text(pod, "status", "reason") or text(pod, "status", "phase")
    for condition in listed(pod, "status", "conditions"):
        if (
            text(condition, "type") == "PodScheduled"
            and text(condition, "reason") == "SchedulingGated"
        ):
            found.reason = "SchedulingGated"
    initializing = _init(pod, found)
    if not initializing or _true(pod, "Initialized"):
        _containers(pod, found)
    if dig(pod, "metadata", "deletionTimestamp"):
        unreachable = text(pod, "status", "reason") == "NodeLost"
        if unreachable:
            found.reason = "Unknown"
        elif text(pod, "status", "phase") not in ("Succeeded", "Failed"):
            found.reason = "Terminating"
    return found


def _init(pod: Object, found: Summary) -> bool:
    """The state of the init containers; whether one of them is not done."""
    stay = _staying(pod)
    found.total += len(stay)
    for index, status in enumerate(listed(pod, "status", "initContainerStatuses")):
        _restarted(status, found)
        ended = "terminated" in part(status, "state")
        if ended and number(status, "state", "terminated", "exitCode") == 0:
            continue
        if text(status, "name") in stay and status.get("started") is True:
            found.ready += status.get("ready") is True
            continue
        waiting = text(status, "state", "waiting", "reason")
        if ended:
            found.reason = f"Init:{_ended(part(status, 'state', 'terminated'))}"
        elif waiting and waiting != "PodInitializing":
            found.reason = f"Init:{waiting}"
        else:
            found.reason = f"Init:{index}/{len(listed(pod, 'spec', 'initContainers'))}"
        return True
    return False


def _staying(pod: Object) -> set[str]:
    """The init containers that run as long as the pod."""
    return {
        text(one, "name")
        for one in listed(pod, "spec", "initContainers")
        if text(one, "restartPolicy") == "Always"
    }


def _containers(pod: Object, found: Summary) -> None:
    """Restarts of init containers count no longer, but for those that stay."""
    found.restarts, found.restarted_at = 0, ""
    stay = _staying(pod)
    for status in listed(pod, "status", "initContainerStatuses"):
        if text(status, "name") in stay:
            _restarted(status, found)
    running = False
    for status in reversed(listed(pod, "status", "containerStatuses")):
        _restarted(status, found)
        state = part(status, "state")
        if waiting := text(state, "waiting", "reason"):
            found.reason = waiting
        elif "terminated" in state:
            found.reason = _ended(part(state, "terminated"))
        elif status.get("ready") is True and "running" in state:
            running = True
            found.ready += 1
    if found.reason == "Completed" and running:
        found.reason = "Running" if _true(pod, "Ready") else "NotReady"


def _true(pod: Object, condition: str) -> bool:
    return any(
        text(one, "type") == condition and text(one, "status") == "True"
        for one in listed(pod, "status", "conditions")
    )


def _ended(terminated: Object) -> str:
    if reason := text(terminated, "reason"):
        return reason
    if signal := number(terminated, "signal"):
        return f"Signal:{signal}"
    return f"ExitCode:{number(terminated, 'exitCode')}"


def _restarted(status: Object, found: Summary) -> None:
    found.restarts += number(status, "restartCount")
    finished = text(status, "lastState", "terminated", "finishedAt")
    found.restarted_at = max(found.restarted_at, finished)


def _ready(pod: Object) -> Json:
    found = summary(pod)
    return f"{found.ready}/{found.total}"


def _status(pod: Object) -> Json:
    return summary(pod).reason


def _restarts(pod: Object, now: datetime) -> Json:
    found = summary(pod)
    if found.restarts and found.restarted_at:
        return f"{found.restarts} ({age(found.restarted_at, now)} ago)"
    return str(found.restarts)


def _gates(pod: Object) -> Json:
    gates = [text(one, "conditionType") for one in listed(pod, "spec", "readinessGates")]
    true = {
        text(one, "type")
        for one in listed(pod, "status", "conditions")
        if text(one, "status") == "True"
    }
    return f"{sum(one in true for one in gates)}/{len(gates)}" if gates else "<none>"


COLUMNS: tuple[Column, ...] = (
    NAME, said("Ready", _ready), said("Status", _status), Column("Restarts", _restarts), AGE,
    shown("IP", "status", "podIP", wide=True), shown("Node", "spec", "nodeName", wide=True),
    shown("Nominated Node", "status", "nominatedNodeName", wide=True),
    said("Readiness Gates", _gates, wide=True),
)  # fmt: skip
