"""What a pod may ask of its node, on the real one: as on any Kubernetes, and no way to the host."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import telltale
from tests.live.cluster import LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]

NS = "pods"
PYTHON = sys.executable
SLEEP = ["sleep", "1000"]
SYS_ADMIN, NET_ADMIN, NET_RAW = 1 << 21, 1 << 12, 1 << 13
Spec = dict[str, Any]


def container(command: list[str], **more: Any) -> Spec:
    return {"name": "app", "image": "nginx", "command": command, **more}


def sh(script: str, **more: Any) -> Spec:
    return container(["sh", "-c", script], **more)


def served(kind: str, port: int, probe: Spec) -> Spec:
    # Python's packages are where the node's own are: seen by every pod, read-only.
    command = [PYTHON, "/srv/served.py", kind, str(port)]
    return {
        "containers": [
            container(command, readinessProbe={**probe, "periodSeconds": 1},
                      volumeMounts=[{"name": "program", "mountPath": "/srv"}])
        ],
        "volumes": [{"name": "program", "configMap": {"name": "served"}}],
    }  # fmt: skip


def pod(name: str, spec: Spec) -> Spec:
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NS},
        "spec": {"terminationGracePeriodSeconds": 1, **spec},
    }  # fmt: skip


TMP = [{"name": "tmp", "emptyDir": {}}]
AT_TMP = [{"name": "tmp", "mountPath": "/data"}]
ONCE_BAD = "test -e /data/seen && exit 0; touch /data/seen; exit 7"

PODS: dict[str, Spec] = {
    "plain": {"containers": [container(SLEEP)]},
    "host-network": {"hostNetwork": True, "containers": [container(SLEEP)]},
    "privileged": {"containers": [container(SLEEP, securityContext={"privileged": True})]},
    "fewer": {"containers": [container(SLEEP, securityContext={
        "capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}})]},
    "grpc": served("grpc", 9000, {"grpc": {"port": 9000, "service": "well"}}),
    "grpc-ill": served("grpc", 9000, {"grpc": {"port": 9000, "service": "ill"}}),
    "https": served("https", 8443, {"httpGet": {"scheme": "HTTPS", "port": 8443, "path": "/"}}),
    "tcp": served("https", 8443, {"tcpSocket": {"port": 8443}}),
    "startup": {"volumes": TMP, "containers": [sh(
        "sleep 2; touch /data/up; sleep 1000", volumeMounts=AT_TMP,
        startupProbe={
            "exec": {"command": ["test", "-e", "/data/up"]},
            "periodSeconds": 1, "failureThreshold": 30,
        },
        livenessProbe={
            "exec": {"command": ["test", "-e", "/data/up"]},
            "periodSeconds": 1, "failureThreshold": 1,
        },
    )]},
    "never": {"restartPolicy": "Never", "containers": [
        sh("echo gone wrong > /dev/termination-log; exit 3")]},
    "on-failure": {"restartPolicy": "OnFailure", "volumes": TMP, "containers": [
        sh(ONCE_BAD, volumeMounts=AT_TMP)]},
    "sidecar": {
        "initContainers": [{**container(SLEEP), "name": "beside", "restartPolicy": "Always"}],
        "containers": [container(SLEEP)]},
    "greedy": {"restartPolicy": "Never", "containers": [container(
        [PYTHON, "-c", "x = bytearray(200 << 20); print(len(x))"],
        resources={"limits": {"memory": "48Mi"}})]},
    "slow": {"containers": [container(SLEEP, resources={"limits": {"cpu": "250m"}})]},
    "memory": {"volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}],
               "containers": [container(SLEEP, volumeMounts=AT_TMP)]},
    "sub-path": {
        "volumes": [{"name": "settings", "configMap": {"name": "settings"}}, *TMP],
        "containers": [container(SLEEP, volumeMounts=[
            {"name": "settings", "mountPath": "/etc/one.conf", "subPath": "one"},
            {"name": "settings", "mountPath": "/settings"},
            {"name": "tmp", "mountPath": "/data", "subPath": "deep/er"}])]},
    "lacks-map": {"containers": [container(SLEEP, envFrom=[{"configMapRef": {"name": "later"}}])]},
    "deadline": {"activeDeadlineSeconds": 2, "containers": [container(SLEEP)]},
    "half": {"containers": [container(SLEEP), {**sh("exit 1"), "name": "bad"}]},
    "group": {"securityContext": {"fsGroup": 4321, "runAsUser": 1000, "runAsGroup": 1000},
              "volumes": TMP,
              "containers": [sh("id; touch /data/mine; sleep 1000", volumeMounts=AT_TMP)]},
    "no-image": {"containers": [{**container(SLEEP), "image": "shop/cart:9"}]},
}


@pytest.fixture(scope="module")
def pods(cluster: LiveCluster) -> Iterator[LiveCluster]:
    """All of them at once, as a busy morning brings them."""
    cluster.kubectl("create", "namespace", NS)
    program = Path(__file__).with_name("served.py")
    cluster.kubectl("create", "configmap", "served", "-n", NS, f"--from-file={program}")
    cluster.kubectl("create", "configmap", "settings", "-n", NS, "--from-literal=one=first")
    apply(cluster, *(pod(name, spec) for name, spec in PODS.items()))
    yield cluster
    cluster.kubectl("delete", "namespace", NS, "--timeout=150s", limit_s=160)


def test_it_runs_with_the_capabilities_of_docker(pods: LiveCluster) -> None:
    ready(pods, "plain", "privileged", "fewer")
    plain = capabilities(pods, "plain")
    assert not plain & SYS_ADMIN and not plain & NET_ADMIN and plain & NET_RAW
    assert capabilities(pods, "fewer") == NET_ADMIN
    assert capabilities(pods, "privileged") & SYS_ADMIN


def test_nothing_of_the_host_is_readable_or_writable(pods: LiveCluster, home: Path) -> None:
    ready(pods, "plain")
    seen = (sys.prefix, sys.base_prefix, str(Path(telltale.__file__).parent))  # what pods run from
    for place in ("/root", "/home", "/srv", "/media", "/mnt", "/var/lib"):
        found = [f"{place}/{name}" for name in run(pods, "plain", f"ls -A {place}").split()]
        assert [one for one in found if not any(path.startswith(one) for path in seen)] == []
    for secret in (
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/ssh",
        "/root/.ssh",
        "/etc/sudoers",
        str(home),
    ):
        assert run(pods, "plain", f"ls {secret} 2>/dev/null") == "", secret
    assert run(pods, "plain", "cat /proc/kcore /proc/keys 2>/dev/null | head -c 1") == ""
    for place in ("/usr/bin/x", f"{Path(PYTHON).parent}/x", "/proc/sys/kernel/hostname",
                  "/proc/sysrq-trigger",
                  "/sys/fs/cgroup/memory/x", "/sys/kernel/x"):  # fmt: skip
        said = run(pods, "plain", f"test -d $(dirname {place}) && echo x > {place} && echo WRITTEN")
        assert said == "", place
    assert run(pods, "plain", "mount -t tmpfs x /mnt && echo MOUNTED") == ""
    assert run(pods, "plain", "mount -o remount,rw /usr && echo MOUNTED") == ""
    assert run(pods, "plain", "unshare -Ur true && echo ROOT_OF_ITS_OWN") == ""
    assert run(pods, "plain", "grep Seccomp: /proc/self/status").split() == ["Seccomp:", "2"]
    device = Path("/").stat().st_dev  # the host's own disk, by a node made in the pod
    make = (
        f"mknod /tmp/disk b {os.major(device)} {os.minor(device)}; head -c 1 /tmp/disk && echo READ"
    )
    assert "READ" not in run(pods, "plain", make)
    devices = run(pods, "plain", "ls /dev").split()
    assert set(devices) <= {
        "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
        "stdout",
        "termination-log", "tty", "urandom", "zero", "console",
    }  # fmt: skip
    processes = run(pods, "plain", "ls /proc | grep -c '^[0-9]'")
    assert int(processes) < 10


def test_the_hosts_network_is_shared_when_asked_for(pods: LiveCluster) -> None:
    ready(pods, "host-network")
    shared = run(pods, "host-network", "cat /proc/net/dev")
    assert "telltale-" in shared
    status = pods.read("get", "pod", "-n", NS, "host-network")["status"]
    assert status["podIP"] == status["hostIP"]


def test_every_sort_of_probe_passes_against_a_real_server(pods: LiveCluster) -> None:
    ready(pods, "grpc", "https", "tcp", "startup")
    assert restarts(pods, "startup") == 0
    said = pods.kubectl("describe", "pod", "-n", NS, "grpc-ill")
    assert 'service unhealthy (responded with "NOT_SERVING")' in said


def test_a_pod_ends_as_its_policy_says(pods: LiveCluster) -> None:
    until(lambda: lacks(pods, "never", "Failed"), 30, "pod never to fail")
    ended = terminated(pods, "never")
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (3, "Error", "gone wrong\n")
    assert restarts(pods, "never") == 0
    until(lambda: lacks(pods, "on-failure", "Succeeded"), 40, "pod on-failure to succeed")
    assert restarts(pods, "on-failure") == 1


def test_a_deadline_ends_a_pod(pods: LiveCluster) -> None:
    until(lambda: lacks(pods, "deadline", "Failed"), 30, "pod deadline to fail")
    assert pods.read("get", "pod", "-n", NS, "deadline")["status"]["reason"] == "DeadlineExceeded"


def test_a_sidecar_among_the_init_containers_stays(pods: LiveCluster) -> None:
    ready(pods, "sidecar")
    assert pods.pods(NS)["sidecar"] == "2/2 Running"


def test_limits_are_kept(pods: LiveCluster) -> None:
    if not any(
        Path(f"/sys/fs/cgroup/{name}").exists() for name in ("memory", "cgroup.controllers")
    ):
        pytest.skip("this machine has no memory cgroups")
    until(lambda: lacks(pods, "greedy", "Failed"), 30, "pod greedy to be killed")
    assert terminated(pods, "greedy")["reason"] == "OOMKilled"
    ready(pods, "slow")
    files = "/sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max"
    assert run(pods, "slow", f"cat {files} 2>/dev/null").split()[0] == "25000"


def test_volumes(pods: LiveCluster) -> None:
    ready(pods, "memory", "sub-path", "group")
    assert "tmpfs" in run(pods, "memory", "grep ' /data ' /proc/mounts")
    assert run(pods, "memory", "head -c 2000000 /dev/zero > /data/big && echo FITS") == ""
    assert run(pods, "sub-path", "cat /etc/one.conf") == "first"
    assert "4321" in pods.kubectl("logs", "-n", NS, "group")
    assert run(pods, "group", "stat -c %g /data/mine").strip() == "4321"


def test_a_config_map_is_followed_in_place(pods: LiveCluster) -> None:
    ready(pods, "sub-path")
    patch = json.dumps({"data": {"one": "second"}})
    pods.kubectl("patch", "configmap", "settings", "-n", NS, "-p", patch)
    until(
        lambda: "" if run(pods, "sub-path", "cat /settings/one") == "second" else "the new text",
        40,
        "the volume",
    )
    assert (
        run(pods, "sub-path", "cat /etc/one.conf") == "first"
    )  # as on any Kubernetes: not by subPath
    assert restarts(pods, "sub-path") == 0


def test_what_is_missing_is_said_and_waited_for(pods: LiveCluster) -> None:
    until(
        lambda: "" if "CreateContainerConfigError" in pods.pods(NS)["lacks-map"] else "so",
        20,
        "the complaint",
    )
    assert 'configmap "later" not found' in pods.kubectl("describe", "pod", "-n", NS, "lacks-map")
    pods.kubectl("create", "configmap", "later", "-n", NS, "--from-literal=WHO=me")
    ready(pods, "lacks-map")
    assert run(pods, "lacks-map", "echo $WHO").strip() == "me"


def test_a_pod_without_its_image_goes_at_once(pods: LiveCluster) -> None:
    until(lambda: "" if "Image" in pods.pods(NS)["no-image"] else "so", 20, "ErrImagePull")
    assert "telltale image import" in pods.kubectl("describe", "pod", "-n", NS, "no-image")
    began = time.monotonic()
    pods.kubectl("delete", "pod", "no-image", "-n", NS)
    assert time.monotonic() - began < 5


def test_one_bad_container_does_not_take_the_other_with_it(pods: LiveCluster) -> None:
    until(
        lambda: "" if "CrashLoopBackOff" in pods.pods(NS)["half"] else "so", 40, "CrashLoopBackOff"
    )
    found = pods.pods(NS)["half"]
    assert found.startswith("1/2"), found
    statuses = pods.read("get", "pod", "-n", NS, "half")["status"]["containerStatuses"]
    assert {one["name"]: one["restartCount"] for one in statuses}["app"] == 0


def test_services_are_in_the_environment(pods: LiveCluster) -> None:
    ready(pods, "plain")
    said = run(pods, "plain", "env")
    assert "KUBERNETES_SERVICE_HOST=" in said and "KUBERNETES_PORT_443_TCP=" in said


def test_a_pod_is_told_before_it_ends(pods: LiveCluster, tmp_path: Path) -> None:
    spec = {
        "terminationGracePeriodSeconds": 10,
        "volumes": [{"name": "out", "hostPath": {"path": str(tmp_path), "type": "Directory"}}],
        "containers": [sh(
            "trap 'echo term >> /out/said; exit 0' TERM; while :; do sleep 0.1; done",
            volumeMounts=[{"name": "out", "mountPath": "/out"}],
            lifecycle={
                "preStop": {"exec": {"command": ["sh", "-c", "echo hook >> /out/said; sleep 1"]}}
            },
        )],
    }  # fmt: skip
    apply(pods, pod("polite", spec))
    ready(pods, "polite")
    pods.kubectl("delete", "pod", "polite", "-n", NS)
    assert (tmp_path / "said").read_text().split() == ["hook", "term"]


def test_a_log_without_end_is_followed_without_a_gap(pods: LiveCluster) -> None:
    """It is set aside when grown; who follows it misses nothing, and the disk is not filled."""
    lines, each = 150_000, 120
    write = (
        f"for i in range({lines}): print('%08d' % i + 'x' * {each}, flush=i % 1000 == 0)"
        " or (i % 1000 or time.sleep(0.03))"
    )
    apply(pods, pod("loud", {"restartPolicy": "Never", "containers": [
        container([PYTHON, "-c", f"import time\n{write}\ntime.sleep(3)"])]}))  # fmt: skip
    until(lambda: "" if "Running" in pods.pods(NS)["loud"] else "so", 20, "pod loud to run")
    said = pods.kubectl("logs", "-f", "-n", NS, "loud", limit_s=90)
    assert [int(line[:8]) for line in said.splitlines()] == list(range(lines))


def test_sixty_pods_at_once(pods: LiveCluster) -> None:
    pods.kubectl(
        "create", "deployment", "crowd", "-n", NS, "--image=nginx", "--replicas=60", "--", *SLEEP
    )
    pods.kubectl("rollout", "status", "-n", NS, "deployment/crowd", "--timeout=150s", limit_s=160)
    pods.kubectl("delete", "deployment", "crowd", "-n", NS)
    until(
        lambda: ", ".join(one for one in pods.pods(NS) if "crowd" in one)[:200],
        60,
        "the crowd to go",
    )


def apply(cluster: LiveCluster, *objects: Spec) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
    subprocess.run(
        ["kubectl", "--kubeconfig", str(cluster.home / "kubeconfig"), "apply", "-f", "-"],
        input=json.dumps(listed), text=True, check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def ready(cluster: LiveCluster, *names: str) -> None:
    def late() -> str:
        found = cluster.pods(NS)
        short = [f"{name} {found.get(name)}" for name in names if not whole(found.get(name, "0/1"))]
        return "; ".join(short)

    until(late, 60, "pods to be ready")


def whole(row: str) -> bool:
    there, wanted = row.split()[0].split("/")
    return there == wanted


def run(cluster: LiveCluster, name: str, script: str) -> str:
    """What a shell in the pod says on its standard output."""
    command = ["kubectl", "--kubeconfig", str(cluster.home / "kubeconfig"), "exec", "-n", NS, name]
    done = subprocess.run(
        [*command, "-c", "app", "--", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout


def capabilities(cluster: LiveCluster, name: str) -> int:
    return int(run(cluster, name, "grep CapEff /proc/self/status").split()[1], 16)


def lacks(cluster: LiveCluster, name: str, phase: str) -> str:
    found = cluster.read("get", "pod", "-n", NS, name)["status"].get("phase", "nothing")
    return "" if found == phase else f"{phase}: it is {found}"


def terminated(cluster: LiveCluster, name: str) -> Any:
    [status] = cluster.read("get", "pod", "-n", NS, name)["status"]["containerStatuses"]
    return status["state"]["terminated"]


def restarts(cluster: LiveCluster, name: str) -> int:
    statuses = cluster.read("get", "pod", "-n", NS, name)["status"]["containerStatuses"]
    return sum(int(one["restartCount"]) for one in statuses)
