"""A pod for tests: a network and mount namespace of its own, with its resolv.conf, and processes in
it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RESOLV = """nameserver 127.0.0.1
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
"""


class Pod:
    """Processes in namespaces of their own; what is asked over HTTP goes by `curl` in there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[str]] = []
        private = ["unshare", "-n", "-m", "--propagation", "private"]
        self.holder = subprocess.Popen([*private, "sleep", "600"])
        self._wait_for_namespace()
        resolv = folder / "resolv.conf"
        resolv.write_text(RESOLV)
        self.run("ip", "link", "set", "lo", "up")
        self.run("mount", "--bind", str(resolv), str(Path("/etc/resolv.conf").resolve()))

    def _wait_for_namespace(self) -> None:
        ours = Path("/proc/self/ns/net").readlink()
        there = Path(f"/proc/{self.holder.pid}")
        until(
            lambda: (
                (there / "ns/net").exists()
                and (there / "ns/net").readlink() != ours
                and (there / "comm").read_text().strip() == "sleep"
            ),
            5,
            "the namespace of the pod to exist",
        )

    def words(self, *words: str, user: str | None = None) -> list[str]:
        drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        return ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "--", *drop, *words]

    def run(self, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*words), text=True, check=True, capture_output=True, **more
        )

    def start(
        self, *words: str, env: dict[str, str] | None = None, user: str | None = None
    ) -> subprocess.Popen[str]:
        with (self.folder / f"{len(self.running)}.log").open("w") as log:
            child = subprocess.Popen(
                self.words(*words, user=user),
                stdout=log,
                stderr=log,
                text=True,
                env={**os.environ, **(env or {})},
            )
        self.running.append(child)
        return child

    def log(self, child: subprocess.Popen[str]) -> str:
        return (self.folder / f"{self.running.index(child)}.log").read_text()

    def script(self, name: str, *words: str) -> subprocess.Popen[str]:
        """One of the servers of this folder; returns when it listens."""
        child = self.start(sys.executable, str(HERE / name), *words)
        until(lambda: "listening" in self.log(child), 20, f"{name} to listen")
        return child

    def agent(
        self,
        *words: str,
        port: int = 15020,
        admin: int = 15000,
        prometheus: int = 15090,
        before: tuple[str, ...] = (),
    ) -> subprocess.Popen[str]:
        config = {
            "proxyAdminPort": admin,
            "statusPort": port,
            "configPath": str(self.folder / f"proxy-{port}"),
            "concurrency": 1,
        }
        env = {
            "POD_NAME": "details-v1-68868454f5-94hzd",
            "POD_NAMESPACE": "default",
            "INSTANCE_IP": "127.0.0.1",
            "PROXY_CONFIG": json.dumps(config),
            "ENVOY_PROMETHEUS_PORT": str(prometheus),
            "TERMINATION_LOG": str(self.folder / "termination-log"),
        }
        agent = (sys.executable, "-m", "telltale.agent", "proxy", "sidecar")
        return self.start(*before, *agent, *words, env=env)

    def get(self, path: str, port: int = 15020, *more: str) -> tuple[int, str]:
        """Status (0: nobody answers) and body."""
        url = f"http://127.0.0.1:{port}{path}"
        words = self.words("curl", "-s", "-m", "5", "-w", "\n%{http_code}", *more, url)
        done = subprocess.run(words, text=True, capture_output=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def why(self, port: int = 15020) -> dict[str, object]:
        status, body = self.get("/debug/why", port)
        return json.loads(body) if status == 200 else {}

    def close(self) -> None:
        for child in reversed(self.running):
            child.send_signal(signal.SIGTERM)
        for child in self.running:
            try:
                child.wait(8)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.holder.kill()
        self.holder.wait()


def until(condition: Callable[[], object], limit_s: float, what: str) -> float:
    """Seconds until `condition` held; fails with what was waited for."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > limit_s:
            pytest.fail(f"waited {limit_s} s for {what}")
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    if os.geteuid() != 0:
        pytest.skip("needs root: network and mount namespaces")
    made = Pod(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], object], float, str], float]:
    return until
