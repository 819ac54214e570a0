"""kill -9 of everything, one after the other: pods keep serving, and all comes back by itself."""

import os
import signal
from pathlib import Path

import pytest

from tests.live.cluster import LiveCluster, fetch, until

pytestmark = [pytest.mark.live, pytest.mark.root]


def test_pods_serve_on_without_the_supervisor_and_are_adopted(well: LiveCluster) -> None:
    address = well.service_address("productpage")
    before = {
        pod["metadata"]["name"]: (pod["status"]["podIP"], pod["status"]["containerStatuses"])
        for pod in well.read("get", "pods")["items"]
    }
    well.kubectl("create", "configmap", "kept", "--from-literal=a=b")
    well.kill_supervisor()
    for _ in range(5):
        assert fetch(f"http://{address}:9080/productpage")[0] == 200
    well.up()
    well.wait_ready()
    after = {
        pod["metadata"]["name"]: (pod["status"]["podIP"], pod["status"]["containerStatuses"])
        for pod in well.read("get", "pods")["items"]
    }
    assert after.keys() == before.keys()
    for name, (ip, statuses) in before.items():
        kept_ip, kept = after[name]
        assert kept_ip == ip
        assert [one["containerID"] for one in kept] == [one["containerID"] for one in statuses]
        assert [one["restartCount"] for one in kept] == [one["restartCount"] for one in statuses]
    assert well.read("get", "configmap", "kept")["data"] == {"a": "b"}
    well.kubectl("delete", "configmap", "kept")


@pytest.mark.parametrize(
    ("workload", "namespace", "container", "program"),
    [
        ("istio-pilot", "istio-system", "discovery", "1"),
        ("kube-dns", "kube-system", "dns", "1"),
        ("ratings-v1", "default", "istio-proxy", "1"),
        ("ratings-v1", "default", "istio-proxy", "envoy"),
    ],
    ids=["pilot", "dns", "agent", "envoy"],
)
def test_what_is_killed_comes_back(
    well: LiveCluster, workload: str, namespace: str, container: str, program: str
) -> None:
    pod = well.pod(workload, namespace)

    def restarts() -> int:
        status = well.read("get", "pod", "-n", namespace, pod)["status"]
        return sum(one["restartCount"] for one in status["containerStatuses"])

    before = restarts()
    victim = container_pid(well, namespace, pod, container, program)
    os.kill(victim, signal.SIGKILL)
    until(lambda: "" if restarts() > before else f"{pod} {container}", 20, "the restart to be seen")
    well.wait_ready()
    address = well.service_address("productpage")
    assert fetch(f"http://{address}:9080/productpage")[0] == 200


def container_pid(
    cluster: LiveCluster, namespace: str, pod: str, container: str, program: str
) -> int:
    """The machine's pid of a container's process 1, or of the program in it."""
    status = cluster.read("get", "pod", "-n", namespace, pod)["status"]
    wanted = next(
        one["containerID"].removeprefix("runc://")
        for one in status["containerStatuses"] if one["name"] == container
    )  # fmt: skip
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            groups = (entry / "cgroup").read_text()
            inner = (entry / "status").read_text().split("NSpid:")[1].splitlines()[0].split()
            name = (entry / "comm").read_text().strip()
        except (OSError, IndexError):
            continue
        if wanted in groups and (inner[-1] == program or name == program):
            return int(entry.name)
    raise AssertionError(f"no process {program} in {pod} {container} ({wanted})")
