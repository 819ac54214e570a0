"""kill -9 at any moment, of supervisor, conmon, runc: all converges, nothing runs twice."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from telltale.app.home import Home
from tests.live.cluster import LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]

KILLS = 12


def test_a_supervisor_killed_again_and_again_in_a_rollout(cluster: LiveCluster) -> None:
    """Each time somewhere between its first breath and the middle of its work."""
    dice = random.Random(7)
    cluster.kubectl(
        "create", "deployment", "rolling", "--image=nginx", "--replicas=6", "--", "sleep", "1000"
    )
    try:
        for _ in range(KILLS):
            cluster.kubectl("rollout", "restart", "deployment/rolling", check=False)
            pause(dice.uniform(0.0, 1.0))
            cluster.kill_supervisor()
            with begin(cluster) as starting:
                until(
                    lambda: "" if Home(cluster.home).running() else "its pid", 20, "the supervisor"
                )
                pause(dice.uniform(0.0, 2.5))
                starting.kill()
        cluster.telltale("up")
        cluster.wait_ready(120)
        until(lambda: twice(cluster), 30, "no container without a pod")
    finally:
        cluster.kubectl("delete", "deployment", "rolling", check=False)


def test_killed_watchers_and_runtimes_cost_a_restart_at_most(cluster: LiveCluster) -> None:
    cluster.kubectl(
        "create", "deployment", "target", "--image=nginx", "--replicas=4", "--", "sleep", "1000"
    )
    try:
        for _ in range(10):  # whatever is being started or runs just now
            for pid in processes(cluster, b"runc") or processes(cluster, b"conmon")[-1:]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            pause(0.05)
        cluster.wait_ready(120)
        until(lambda: twice(cluster), 30, "no container without a pod")
    finally:
        cluster.kubectl("delete", "deployment", "target", check=False)


def begin(cluster: LiveCluster) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "telltale", "--home", str(cluster.home), "up"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet)


def twice(cluster: LiveCluster) -> str:
    """Watchers of containers that no pod has."""
    known = set()
    for pod in cluster.read("get", "pods", "-A")["items"]:
        status = pod["status"]
        for one in status.get("containerStatuses", []) + status.get("initContainerStatuses", []):
            known.add(one.get("containerID", "").removeprefix("runc://"))
    words = [Path(f"/proc/{pid}/cmdline") for pid in processes(cluster, b"conmon")]
    running = {file.read_bytes().split(b"\0")[2].decode() for file in words if file.exists()}
    return ", ".join(sorted(running - known))


def processes(cluster: LiveCluster, program: bytes) -> list[int]:
    mark, found = str(cluster.home / "node" / "runc").encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(program) and mark in words:
            found.append(int(entry.name))
    return sorted(found)


def pause(seconds: float) -> None:
    """Not a wait for anything: the moment of the next blow."""
    subprocess.run(["sleep", f"{seconds:.2f}"], check=True)
