"""kubectl as somebody types it in one namespace of a live cluster. Never: what is expected."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.live.cluster import LiveCluster


@dataclass(frozen=True)
class Kubectl:
    """kubectl in one namespace; what it prints, and how it ends."""

    cluster: LiveCluster
    namespace: str

    def __call__(self, *words: str) -> str:
        """Its stdout; it must succeed."""
        return self.cluster.kubectl("-n", self.namespace, *words)

    def run(
        self, *words: str, stdin: bytes | str = "", editor: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        return subprocess.run(
            self.command(*words), input=given, capture_output=True, timeout=60, check=False,
            env={**os.environ, "KUBE_EDITOR": editor},
        )  # fmt: skip

    def fails(self, *words: str, stdin: str = "") -> str:
        """What it says when it fails, which it must, in words."""
        done = self.run(*words, stdin=stdin)
        said = (done.stdout + done.stderr).decode()
        assert done.returncode != 0, f"kubectl {' '.join(words)} did not fail: {said}"
        assert "panic" not in said
        assert "Traceback" not in said
        return said

    def command(self, *words: str) -> list[str]:
        kubeconfig = str(self.cluster.home / "kubeconfig")
        return ["kubectl", "--kubeconfig", kubeconfig, "-n", self.namespace, *words]

    def pod(self, selector: str = "app=web") -> str:
        """A pod that runs and stays."""
        rows = self("get", "pods", "-l", selector, "--no-headers").splitlines()
        return next(row.split()[0] for row in rows if "Running" in row)

    @contextmanager
    def going_on(self, *words: str) -> Iterator["subprocess.Popen[str]"]:
        """A command that lasts as long as the block."""
        process = subprocess.Popen(
            self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def whoami(kubectl: Kubectl, token: str) -> str:
    """Who the API takes a token's bearer for; without a client certificate, which would win."""
    url = kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")
    command = ["kubectl", "--kubeconfig", os.devnull, "--server", url, "--insecure-skip-tls-verify",
               "--token", token.strip(), "auth", "whoami"]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def sleeping(kubectl: Kubectl, pod: str) -> str:
    listed = "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $f; echo; done; true"
    found = kubectl.run("exec", pod, "--", "sh", "-c", listed).stdout.decode().splitlines()
    return "".join(line for line in found if line.startswith("sleep 4242"))


def read_until(terminal: int, enough: Callable[[str], bool]) -> str:
    seen, end = "", time.monotonic() + 15
    while not enough(seen):
        assert time.monotonic() < end, f"the terminal showed only {seen!r}"
        seen += os.read(terminal, 4096).decode()
    return seen
