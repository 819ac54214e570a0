"""What users see of a pod, from what the node remembers."""

from typing import Any

from telltale.cluster.node.record import Record, Run, fresh
from telltale.cluster.node.status import View, phase, quality, status
from telltale.kube import codec
from telltale.kube.core import ContainerState, Pod, PodStatus, Running, Terminated, Waiting
from telltale.kube.meta import Condition

NOW = 1_567_183_430.0  # 2019-08-30T16:43:50Z
UP = ContainerState(running=Running(started_at="2019-08-30T16:43:50Z"))


def pod(**spec: Any) -> Pod:
    plain = {
        "initContainers": [{"name": "istio-init", "image": "i"}],
        "containers": [{"name": "details", "image": "d"}, {"name": "istio-proxy", "image": "p"}],
        **spec,
    }
    meta = {"name": "details-v1-x", "namespace": "default", "uid": "u"}
    return codec.convert(Pod, {"metadata": meta, "spec": plain})


def record(of: Pod, *runs: Run, **more: Any) -> Record:
    found = fresh(of, NOW).but(networked=True, address="172.16.3.4", **more)
    for run in runs:
        found = found.with_run(run)
    return found


def view(found: Record, **more: Any) -> View:
    return View(found, more.pop("pod", found.pod), "172.16.3.1", NOW, **more)


def ended(code: int, reason: str = "Error") -> ContainerState:
    return ContainerState(terminated=Terminated(exit_code=code, reason=reason))


DONE = Run(name="istio-init", state=ended(0, "Completed"), id="i")
HALF = record(
    pod(),
    DONE,
    Run(name="details", state=UP, started=True, ready=True, id="d"),
    Run(name="istio-proxy", state=UP, started=True, id="p"),
)


def conditions(of: View) -> dict[str, tuple[str, str | None, str | None]]:
    listed: Any = status(of)["conditions"]
    return {one["type"]: (one["status"], one["reason"], one["message"]) for one in listed}


def container(of: View, name: str) -> Any:
    found: Any = status(of)
    every = found["containerStatuses"] + found.get("initContainerStatuses", [])
    return next(one for one in every if one["name"] == name)


def test_the_articles_pod_is_half_ready() -> None:
    found = conditions(view(HALF))
    words = ("False", "ContainersNotReady", "containers with unready status: [istio-proxy]")
    assert found["Ready"] == found["ContainersReady"] == words
    assert found["Initialized"] == ("True", None, None)
    assert phase(view(HALF)) == "Running"
    assert status(view(HALF))["podIP"] == "172.16.3.4"
    assert container(view(HALF), "details")["containerID"] == "runc://d"


def test_before_init_is_done() -> None:
    found = record(pod())
    assert phase(view(found)) == "Pending"
    assert conditions(view(found))["Initialized"] == (
        "False",
        "ContainersNotInitialized",
        "containers with incomplete status: [istio-init]",
    )
    assert container(view(found), "details")["state"] == {"waiting": {"reason": "PodInitializing"}}
    alone = record(pod(initContainers=[]))
    assert container(view(alone), "details")["state"] == {
        "waiting": {"reason": "ContainerCreating"}
    }


def test_a_crash_loop_is_told_with_its_pause_and_its_last_end() -> None:
    run = Run(name="details", state=ended(3), attempt=2, id="d", pause_s=80.0, retry_at=NOW + 70)
    found = container(view(record(pod(), DONE, run)), "details")
    assert found["state"] == {
        "waiting": {
            "reason": "CrashLoopBackOff",
            "message": "back-off 1m20s restarting failed container=details "
            "pod=details-v1-x_default(u)",
        }
    }
    assert found["lastState"]["terminated"]["exitCode"] == 3
    assert found["restartCount"] == 2


def test_an_exit_code_of_zero_is_written_out() -> None:
    found = container(view(HALF), "istio-init")
    assert found["state"]["terminated"] == {"reason": "Completed", "exitCode": 0}
    assert found["ready"] is True


def test_one_image_missing_keeps_the_pod_pending() -> None:
    lacks = ContainerState(waiting=Waiting(reason="ImagePullBackOff"))
    found = HALF.with_run(Run(name="details", state=lacks))
    assert phase(view(found)) == "Pending"


def test_a_pod_that_goes_down_is_not_ready_at_once() -> None:
    whole = HALF.with_run(HALF.runs["istio-proxy"].but(ready=True))
    assert conditions(view(whole))["Ready"][0] == "True"
    assert conditions(view(whole, terminating=True))["Ready"][0] == "False"
    assert container(view(whole, terminating=True), "details")["ready"] is False


def test_a_readiness_gate_is_answered_by_others() -> None:
    gated = pod(readinessGates=[{"conditionType": "x/lb"}])
    found = record(gated, *(run.but(ready=True) for run in HALF.runs.values()))
    assert conditions(view(found))["Ready"] == (
        "False",
        "ReadinessGatesNotReady",
        'corresponding condition of pod readiness gate "x/lb" does not exist.',
    )
    assert conditions(view(found))["ContainersReady"][0] == "True"
    answered = Pod(status=PodStatus(conditions=[Condition(type="x/lb", status="True")]))
    assert conditions(view(found, pod=answered))["Ready"][0] == "True"


def test_a_condition_keeps_its_time_while_it_stays() -> None:
    before = {
        "Ready": Condition(type="Ready", status="False", last_transition_time="then"),
        "Initialized": Condition(type="Initialized", status="False", last_transition_time="then"),
    }
    listed: Any = status(view(HALF, before=before))["conditions"]
    times = {one["type"]: one["lastTransitionTime"] for one in listed}
    assert times["Ready"] == "then"
    assert times["Initialized"] == "2019-08-30T16:43:50Z"


def test_quality_of_service() -> None:
    def of(resources: dict[str, Any]) -> str:
        return quality(pod(initContainers=[], containers=[{"name": "c", "resources": resources}]))

    assert of({}) == "BestEffort"
    assert of({"requests": {"cpu": "1"}}) == "Burstable"
    assert of({"limits": {"cpu": "1", "memory": "1Gi"}}) == "Guaranteed"
