"""A real cluster as a person at a terminal has it: telltale, kubectl, curl. Never: its insides."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RANGES = (
    "--pod-cidr", "172.26.0.0/16", "--node-cidr", "172.26.3.0/24",
    "--service-cidr", "172.29.0.0/16", "--dns-address", "172.29.0.10", "--api-port", "16443",
    "--ingress-port", "16080", "--ingress-tls-port", "16444",
)  # fmt: skip
DNS = "172.29.0.10"
INGRESS, INGRESS_TLS = 16080, 16444
Pods = dict[str, str]  # name: READY and STATUS, "2/2 Running"


@dataclass(frozen=True)
class LiveCluster:
    home: Path

    def up(self, *more: str) -> str:
        return self.telltale("up", *RANGES, *more, limit_s=180).stdout

    def telltale(
        self, *arguments: str, check: bool = True, limit_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "telltale", "--home", str(self.home), *arguments]
        return run(command, check=check, limit_s=limit_s)

    def kubectl(self, *arguments: str, check: bool = True, limit_s: float = 60) -> str:
        command = ["kubectl", "--kubeconfig", str(self.home / "kubeconfig"), *arguments]
        done = run(command, check=check, limit_s=limit_s)
        return done.stdout + ("" if check else done.stderr)

    def read(self, *arguments: str) -> Any:
        return json.loads(self.kubectl(*arguments, "-o", "json"))

    def why(self, *arguments: str) -> tuple[int, Any]:
        """The exit code and the JSON answer."""
        done = self.telltale("why", *arguments, "-o", "json", check=False)
        return done.returncode, json.loads(done.stdout)

    def pods(self, namespace: str = "default") -> Pods:
        rows = self.kubectl("get", "pods", "-n", namespace, "--no-headers").splitlines()
        return {row.split()[0]: " ".join(row.split()[1:3]) for row in rows}

    def pod(self, prefix: str, namespace: str = "default") -> str:
        """The newest pod of a workload that is not going away."""
        found = [
            pod for pod in self.read("get", "pods", "-n", namespace)["items"]
            if pod["metadata"]["name"].startswith(prefix)
            and "deletionTimestamp" not in pod["metadata"]
        ]  # fmt: skip
        newest = max(found, key=lambda pod: pod["metadata"]["creationTimestamp"])
        return str(newest["metadata"]["name"])

    def pod_address(self, prefix: str, namespace: str = "default") -> str:
        name = self.pod(prefix, namespace)
        return str(self.read("get", "pod", "-n", namespace, name)["status"]["podIP"])

    def service_address(self, name: str, namespace: str = "default") -> str:
        return str(self.read("get", "service", "-n", namespace, name)["spec"]["clusterIP"])

    def wait_ready(self, limit_s: float = 90) -> None:
        """Every pod of every Deployment is n/n, and none is going away."""

        def unready() -> str:
            rows = self.kubectl("get", "pods", "-A", "--no-headers").splitlines()
            late = [row for row in rows if not n_of_n(row.split()[2]) or "Terminating" in row]
            deployments = self.read("get", "deployments", "-A")["items"]
            short = [
                one["metadata"]["name"] for one in deployments
                if one["status"].get("readyReplicas", 0) != one["spec"]["replicas"]
                or one["status"].get("replicas", 0) != one["spec"]["replicas"]
            ]  # fmt: skip
            return "; ".join(late + short)

        until(unready, limit_s, "every pod to be n/n")

    def forget_restarts(self) -> None:
        """New pods for those that were restarted: the next story's back-off begins at its start."""
        worn = [
            pod["metadata"]["name"] for pod in self.read("get", "pods")["items"]
            if any(one["restartCount"] for one in pod["status"].get("containerStatuses", []))
        ]  # fmt: skip
        if worn:
            self.kubectl("delete", "pod", *worn, "--wait=false")

    def supervisor(self) -> int:
        return int((self.home / "supervisor.pid").read_text())

    def kill_supervisor(self) -> None:
        pid = self.supervisor()
        os.kill(pid, signal.SIGKILL)
        there = Path(f"/proc/{pid}")
        until(lambda: f"pid {pid}" if there.exists() else "", 10, "the supervisor to die")


def n_of_n(ready: str) -> bool:
    there, wanted = ready.split("/")
    return there == wanted


def run(
    command: list[str], *, check: bool, limit_s: float
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    if check and done.returncode:
        shown = " ".join(command[-6:])
        raise AssertionError(f"{shown}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def until(missing: Callable[[], str], limit_s: float, what: str) -> None:
    """Ask until nothing is missing; past the limit say what was."""
    end = time.monotonic() + limit_s
    while left := missing():
        assert time.monotonic() < end, f"waited {limit_s:.0f} s for {what}; still missing: {left}"
        time.sleep(0.2)


def fetch(url: str, *more: str) -> tuple[int, str]:
    """Status and body as curl sees them; 0 when there was no answer."""
    done = subprocess.run(
        ["curl", "-sS", "-m", "5", "-w", "\n%{http_code}", *more, url],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    body, _, code = done.stdout.rpartition("\n")
    return int(code or 0), body
