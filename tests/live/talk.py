"""Pods that talk and a pod that calls, for the live tests of protocols, gateways and egress.

Every object is written as a user would write it; the programs come as a ConfigMap. Never: a test.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.live.cluster import LiveCluster, until
from tests.pilot.certificates import Pair

Spec = dict[str, Any]
T = TypeVar("T")
IMAGE = "nginx:latest"  # the host's own programs
NOBODY = {"runAsUser": 65534, "runAsGroup": 65534}
PROGRAMS = ("talker.py", "caller.py")


def space(name: str, *, injected: bool = True) -> list[Spec]:
    """A namespace with the programs in it."""
    labels = {"istio-injection": "enabled"} if injected else {}
    texts = {one: (Path(__file__).parent / one).read_text() for one in PROGRAMS}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": texts,
         "metadata": {"name": "programs", "namespace": name}},
    ]  # fmt: skip


def talker(space: str, who: str, *, secret: str = "", **labels: str) -> Spec:
    """A server with that name; `secret`: whose key pair it shows."""
    container: Spec = {
        "name": "app", "image": IMAGE, "command": [sys.executable, "/srv/talker.py"],
        "env": [{"name": "WHO", "value": who}], "securityContext": NOBODY,
        "readinessProbe": {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 1},
    }  # fmt: skip
    return _deployment(space, who, container, labels or {"app": who}, secret)


def caller(space: str, *, annotations: Spec | None = None, **labels: str) -> Spec:
    container: Spec = {
        "name": "app", "image": IMAGE, "command": ["sleep", "infinity"], "securityContext": NOBODY
    }
    made = _deployment(space, "caller", container, {"app": "caller", **labels})
    made["spec"]["template"]["metadata"]["annotations"] = annotations or {}
    return made


def _deployment(
    space: str, name: str, container: Spec, labels: Spec, secret: str = ""
) -> Spec:
    volumes: list[Spec] = [{"name": "programs", "configMap": {"name": "programs"}}]
    mounts = [{"name": "programs", "mountPath": "/srv"}]
    if secret:
        volumes.append({"name": "tls", "secret": {"secretName": secret}})
        mounts.append({"name": "tls", "mountPath": "/tls"})
    pod: Spec = {
        "containers": [{**container, "volumeMounts": mounts}], "volumes": volumes,
        "terminationGracePeriodSeconds": 1,
    }
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": space},
        "spec": {"selector": {"matchLabels": labels},
                 "template": {"metadata": {"labels": labels}, "spec": pod}},
    }  # fmt: skip


def service(space: str, name: str, selector: Spec, *ports: Spec, **spec: Any) -> Spec:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space},
            "spec": {"selector": selector, "ports": [*ports], **spec}}  # fmt: skip


def port(name: str, number: int, target: int, **more: str) -> Spec:
    return {"name": name, "port": number, "targetPort": target, **more}


def secret(space: str, name: str, of: Pair | None, **more: bytes) -> Spec:
    """A key pair, and what else is said (`ca_crt` for ca.crt)."""
    plain = {"tls.crt": of.chain, "tls.key": of.key} if of else {}
    plain |= {key.replace("_", "."): value for key, value in more.items()}
    data = {key: base64.b64encode(value).decode() for key, value in plain.items()}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
            "metadata": {"name": name, "namespace": space}}  # fmt: skip


def istio(kind: str, space: str, name: str, **spec: Any) -> Spec:
    group = "telemetry" if kind == "Telemetry" else "networking"
    return {"apiVersion": f"{group}.istio.io/v1", "kind": kind,
            "metadata": {"name": name, "namespace": space}, "spec": spec}  # fmt: skip


def apply(cluster: LiveCluster, *objects: Spec) -> None:
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": [*objects]})
    command = ["kubectl", "--kubeconfig", str(cluster.home / "kubeconfig"), "apply", "-f", "-"]
    done = subprocess.run(
        command, input=listed, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def applied(cluster: LiveCluster, *objects: Spec) -> Iterator[None]:
    """There while the block lasts."""
    apply(cluster, *objects)
    try:
        yield
    finally:
        for one in objects:
            meta = one["metadata"]
            group = one["apiVersion"].partition("/")[0]
            kind = f"{one['kind']}.{group}" if "." in group else one["kind"]
            cluster.kubectl("delete", "--ignore-not-found", kind, meta["name"],
                            "-n", meta["namespace"])  # fmt: skip


@contextmanager
def spaces(cluster: LiveCluster, *objects: Spec) -> Iterator[None]:
    """Namespaces with all that is in them, every Deployment ready; gone afterwards."""
    named = [one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"]
    waited = [one["metadata"] for one in objects if one["kind"] == "Deployment"]
    apply(cluster, *objects)
    try:
        for one in waited:
            cluster.kubectl("rollout", "status", "-n", one["namespace"],
                            f"deployment/{one['name']}", "--timeout=90s", limit_s=100)  # fmt: skip
        yield
    finally:
        cluster.kubectl("delete", "namespace", *named, limit_s=90)


@dataclass(frozen=True)
class Caller:
    """The pod that calls, in one namespace."""

    cluster: LiveCluster
    space: str

    def run(self, *command: str) -> str:
        return self.cluster.kubectl("exec", "-n", self.space, "deployment/caller", "-c", "app",
                                    "--", "timeout", "50", *command)  # fmt: skip

    def ask(self, verb: str, *given: object) -> Any:
        return json.loads(self.run(sys.executable, "/srv/caller.py", verb, *map(str, given)))

    def curl(self, url: str, *more: str) -> tuple[int, Any]:
        """Status and body; the body read when it is a talker's."""
        told = self.run("sh", "-c", 'curl -s -m 10 -w "\\n%{http_code}" "$@" || true', "curl",
                        *more, url)  # fmt: skip
        body, _, code = told.rpartition("\n")
        return int(code or 0), json.loads(body) if body.startswith("{") else body


def eventually(
    ask: Callable[[], T], good: Callable[[T], bool], what: str, limit_s: float = 20
) -> T:
    """The first good answer; past the limit it is told what the last one was."""
    answers: list[T] = []

    def missing() -> str:
        answers.append(ask())
        return "" if good(answers[-1]) else f"answered {answers[-1]!r}"

    until(missing, limit_s, what)
    return answers[-1]
