"""READY, STATUS and RESTARTS of pods, as the real printer says them."""

from datetime import UTC, datetime

import pytest

from telltale.cluster.api.tables import pods
from telltale.cluster.api.tables.column import age, duration

NOW = datetime(2019, 8, 30, 16, 43, 50, tzinfo=UTC)
RUNNING = {"running": {"startedAt": "2019-08-30T16:43:00Z"}}


def container(name="a", ready=False, restarts=0, **state):
    return {"name": name, "ready": ready, "restartCount": restarts, "state": state}


def pod(*containers, phase="Running", init=(), always=False, **status):
    policy = {"restartPolicy": "Always"} if always else {}
    return {
        "metadata": {"creationTimestamp": "2019-08-30T16:43:00Z"},
        "spec": {
            "containers": [{"name": one["name"]} for one in containers],
            "initContainers": [{"name": one["name"], **policy} for one in init],
        },
        "status": {
            "phase": phase,
            "containerStatuses": list(containers),
            "initContainerStatuses": list(init),
            **status,
        },
    }


def waiting(reason):
    return {"waiting": {"reason": reason}}


DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}
TABLE = [
    (pod(container(ready=True, **RUNNING), container("b", **RUNNING)), "1/2", "Running"),
    (pod(container(**waiting("CrashLoopBackOff"))), "0/1", "CrashLoopBackOff"),
    (pod(container(**waiting("ImagePullBackOff")), phase="Pending"), "0/1", "ImagePullBackOff"),
    (pod(container(**waiting("ContainerCreating")), phase="Pending"), "0/1", "ContainerCreating"),
    (pod(container(**DONE), phase="Succeeded"), "0/1", "Completed"),
    (pod(container(terminated={"exitCode": 1, "reason": "Error"}), phase="Failed"), "0/1", "Error"),
    (pod(container(terminated={"exitCode": 3})), "0/1", "ExitCode:3"),
    (pod(container(terminated={"exitCode": 137, "signal": 9})), "0/1", "Signal:9"),
    (
        pod(
            container(**waiting("PodInitializing")),
            init=[container("i", **RUNNING), container("j")],
            phase="Pending",
        ),
        "0/1",
        "Init:0/2",
    ),
    (
        pod(
            container(**waiting("PodInitializing")),
            init=[container("i", **DONE), container("j", **RUNNING)],
            phase="Pending",
        ),
        "0/1",
        "Init:1/2",
    ),
    (
        pod(container(), init=[container("i", **waiting("CrashLoopBackOff"))], phase="Pending"),
        "0/1",
        "Init:CrashLoopBackOff",
    ),
    (
        pod(
            container(),
            init=[container("i", terminated={"exitCode": 1, "reason": "Error"})],
            phase="Pending",
        ),
        "0/1",
        "Init:Error",
    ),
    (pod(container(ready=True, **RUNNING), init=[container("i", **DONE)]), "1/1", "Running"),
    (
        pod(
            container(ready=True, **RUNNING),
            init=[{**container("s", ready=True, **RUNNING), "started": True}],
            always=True,
        ),
        "2/2",
        "Running",
    ),
    (pod(phase="Pending"), "0/0", "Pending"),
    (pod(container(), phase="Failed", reason="Evicted"), "0/1", "Evicted"),
]


@pytest.mark.parametrize(("given", "ready", "status"), TABLE)
def test_ready_and_status(given, ready, status):
    found = pods.summary(given)
    assert (f"{found.ready}/{found.total}", found.reason) == (ready, status)


def test_a_pod_that_is_going():
    given = pod(container(ready=True, **RUNNING))
    given["metadata"]["deletionTimestamp"] = "2019-08-30T16:44:00Z"
    assert pods.summary(given).reason == "Terminating"
    given["status"]["phase"] = "Succeeded"
    assert pods.summary(given).reason != "Terminating"


def test_restarts_say_when_the_last_one_was():
    one = container(ready=True, restarts=2, **RUNNING)
    one["lastState"] = {"terminated": {"finishedAt": "2019-08-30T16:38:50Z"}}
    cells = {column.name: column.cell(pod(one), NOW) for column in pods.COLUMNS}
    assert cells["Restarts"] == "2 (5m ago)"
    assert cells["Age"] == "50s"
    assert cells["Readiness Gates"] == "<none>"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (11000, "3h3m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (180000, "2d2h"),
        (691200, "8d"),
        (63072000, "2y"),
        (252288000, "8y"),
        (-5, "<invalid>"),
    ],
)
def test_ages(seconds, text):
    assert duration(seconds) == text


def test_an_age_that_is_not_known():
    assert age("", NOW) == "<unknown>"
    assert age("nonsense", NOW) == "<invalid>"
