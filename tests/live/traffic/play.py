"""The play: six pods with sidecars, what is said to them, and objects about them. Never: a claim.

The Service `web` has five pods: three of v1 and one each of v2 and v3, which are elsewhere. Service
`other` is v2 alone. Every pod can ask as well; `client-0` does nothing else.
"""

import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live.cluster import INGRESS, LiveCluster, until
from tests.live.traffic.actor import APP, CONTROL, ask

SPACE = "play"
PLACES = {  # pod: where it is
    "client-0": "eu.a", "v1-0": "eu.a", "v1-1": "eu.a", "v1-2": "eu.a", "v2-0": "us.b",
    "v3-0": "asia.c",
}  # fmt: skip
V1 = ("v1-0", "v1-1", "v1-2")
WEB = (*V1, "v2-0", "v3-0")
WEB_URL = f"http://web:{APP}"
Spec = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back; `said` is what the server told of the request that it had."""

    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    said: Spec = field(default_factory=dict)

    @property
    def pod(self) -> str:
        return str(self.said.get("pod", self.status))

    @property
    def asked(self) -> dict[str, str]:
        """The headers that reached the server."""
        return dict(self.said["headers"])


@dataclass(frozen=True)
class Play:
    cluster: LiveCluster
    addresses: dict[str, str]  # pod: its IP

    def apply(self, *objects: Spec) -> str:
        """What kubectl says; it must succeed."""
        done = self.applied(*objects)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def applied(self, *objects: Spec, judge: bool = True) -> subprocess.CompletedProcess[str]:
        """Whatever comes of it; not to `judge` leaves that to the server."""
        kubectl = ["kubectl", "--kubeconfig", str(self.cluster.home / "kubeconfig"), "-n", SPACE]
        listed = {"apiVersion": "v1", "kind": "List", "items": [*objects]}
        return subprocess.run(
            [*kubectl, "apply", f"--validate={str(judge).lower()}", "-f", "-"],
            input=json.dumps(listed), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def serve(self, *names: str) -> None:
        """These pods are behind `web`, the others are not; no pod is begun or ended for it."""
        for wanted, value in ((True, "app=web"), (False, "app=away")):
            if pods := [name for name in WEB if (name in names) is wanted]:
                self.cluster.kubectl("label", "pod", "-n", SPACE, "--overwrite", *pods, value)

    def be(self, *names: str, **how: object) -> None:
        """How these answer from now on (`status`, `wait_s`); what they were told is forgotten."""
        for name in names:
            self._control(name, "/be", how)

    def told(self, name: str) -> Spec:
        return dict(self._control(name, "/told"))

    def attempts(self, id: str, *names: str) -> int:
        """How often requests of this id have reached any of these servers."""
        return sum(self.told(name)["ids"].get(id, 0) for name in names or WEB)

    def ask(self, path: str = "/", *, by: str = "client-0", **more: Any) -> Answer:
        [found] = self.asks([asked(path, **more)], by=by)
        return found

    def asks(self, asks: Iterable[Spec], *, by: str = "client-0", **how: object) -> list[Answer]:
        return [Answer(**one) for one in self._control(by, "/ask", {"asks": [*asks], **how})]

    def briefly(self, asks: Iterable[Spec], *, by: str = "client-0", **how: object) -> list[str]:
        """`STATUS POD` of each: for many."""
        return list(self._control(by, "/ask", {"asks": [*asks], "brief": True, **how}))

    def who(
        self, count: int, path: str = "/", *, by: str = "client-0", **more: Any
    ) -> Counter[str]:
        """Which pod has answered how many of so many; else the status and `-`."""
        found = self.briefly([asked(path, **more)] * count, by=by)
        return Counter(one.removeprefix("200 ") for one in found)

    def settled(self, wanted: Callable[[Counter[str]], bool], **more: Any) -> None:
        """Until a few requests in a row are answered as wanted."""

        def other() -> str:
            found = self.who(10, **more)
            return "" if wanted(found) else str(found)

        until(other, 20, "what was applied to arrive")

    def wrong(self, kind: str, name: str) -> str:
        """What the status of an object says is wrong with it; empty while nothing is."""
        status = self.cluster.read("get", kind, name, "-n", SPACE).get("status", {})
        said = {one["type"]: one for one in status.get("conditions", [])}
        found = said.get("Reconciled", {"reason": "Accepted"})
        return "" if found["reason"] == "Accepted" else str(found["message"])

    def admin(self, path: str, name: str = "client-0", port: int = 15000) -> str:
        """What the Envoy of a pod, or its agent, says on a port that it has on loopback."""
        return self.ask(by=name, url=f"http://127.0.0.1:{port}{path}").text

    def _control(self, name: str, path: str, said: object = None) -> Any:
        data = None if said is None else json.dumps(said).encode()
        url = f"http://{self.addresses[name]}:{CONTROL}{path}"
        with urllib.request.urlopen(url, data, timeout=120) as answer:
            return json.load(answer)


def asked(path: str = "/", url: str = "", method: str = "GET", **headers: str) -> Spec:
    """A request for the Service `web`, or for the whole URL; `_` in a header's name is a `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"url": url or WEB_URL + path, "method": method, "headers": named}


def outside(path: str, method: str = "GET", host: str = "play.example", **headers: str) -> Answer:
    """What this machine is answered by the ingress gateway."""
    url = f"http://127.0.0.1:{INGRESS}{path}"
    return Answer(**ask([asked(url=url, method=method, Host=host, **headers)])[0])


def vs(*http: Spec, name: str = "web", **spec: object) -> Spec:
    return _networking("VirtualService", name, {"hosts": [name], "http": [*http], **spec})


def edge(*http: Spec, name: str = "edge", **spec: object) -> Spec:
    """A VirtualService of the Gateway."""
    return vs(*http, name=name, **{"hosts": ["play.example"], "gateways": ["edge"], **spec})


def rule(name: str = "web", subsets: Iterable[str] = ("v1", "v2", "v3"), **policy: object) -> Spec:
    """A DestinationRule with these subsets and this traffic policy."""
    named = [{"name": one, "labels": {"version": one}} for one in subsets]
    spec = {"host": name, "subsets": named} | ({"trafficPolicy": policy} if policy else {})
    return _networking("DestinationRule", name, spec)


def gateway(**server: object) -> Spec:
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    servers = [{"port": port, "hosts": ["play.example"], **server}]
    return _networking(
        "Gateway", "edge", {"selector": {"istio": "ingressgateway"}, "servers": servers}
    )


def to(subset: str = "", host: str = "web", **more: object) -> Spec:
    return {"destination": {"host": host} | ({"subset": subset} if subset else {}), **more}


def route(*subsets: str, host: str = "web", **more: object) -> Spec:
    """A rule that sends to these subsets in equal parts, or to the host."""
    return {"route": [to(one, host, weight=1) for one in subsets] or [to(host=host)], **more}


def _networking(kind: str, name: str, spec: Spec) -> Spec:
    return {
        "apiVersion": "networking.istio.io/v1", "kind": kind,
        "metadata": {"name": name, "namespace": SPACE}, "spec": spec,
    }  # fmt: skip


def everything() -> list[Spec]:
    """The namespace, its Services and its pods."""
    namespace = {"name": SPACE, "labels": {"istio-injection": "enabled"}}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": namespace},
        _service("web", {"app": "web"}), _service("other", {"version": "v2"}),
        *(_pod(name) for name in PLACES),
    ]  # fmt: skip


def _service(name: str, selector: dict[str, str]) -> Spec:
    ports = [{"name": "http", "port": APP}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": SPACE},
            "spec": {"selector": selector, "ports": ports}}  # fmt: skip


def _pod(name: str) -> Spec:
    version = name.partition("-")[0]
    labels = {"app": "web" if name in WEB else version, "version": version,
              "istio-locality": PLACES[name]}  # fmt: skip
    program = Path(__file__).with_name("actor.py").read_text()
    container = {
        "name": "app", "image": "nginx:latest", "command": [sys.executable, "-c", program],
        "ports": [{"containerPort": APP}],
        "readinessProbe": {"tcpSocket": {"port": CONTROL}, "periodSeconds": 1},
    }  # fmt: skip
    notes = {"traffic.sidecar.istio.io/excludeInboundPorts": str(CONTROL)}
    meta = {"name": name, "namespace": SPACE, "labels": labels, "annotations": notes}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
