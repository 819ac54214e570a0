"""Real kubectl against the real server: what people type, and what they see."""

import asyncio
import json
import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from telltale.cluster.api.run import ApiServer, ApiSettings, build, serve
from telltale.cluster.kubelet import ExecRequest, LogRequest, Streams
from telltale.kube.client import Client, Patch
from telltale.kube.codec import Object
from telltale.kube.kinds import NAMESPACE, POD, SERVICE_ACCOUNT
from telltale.lib.clock import SystemClock, SystemIds

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed"),
]

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: a, image: nginx, env: [{name: ONE, value: "1"}, {name: TWO, value: "2"}]}
      - {name: b, image: busybox}
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wi]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Color, type: string, jsonPath: .spec.color}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [color]
            properties: {color: {type: string, enum: [red, green]}}
"""
WIDGET = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {color: %s}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: %s}
spec: {clusterIP: 172.19.0.10, ports: [{port: 53}]}
"""


class Processes:
    """A kubelet whose containers are this machine: real processes, a fixed log."""

    async def logs(self, request: LogRequest) -> AsyncIterator[bytes]:
        yield f"{request.container} says hello\n".encode()
        if request.follow:
            await asyncio.sleep(0)
            yield b"and goes on\n"

    async def exec(self, request: ExecRequest, streams: Streams) -> int:
        process = await asyncio.create_subprocess_exec(
            *request.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdin and process.stdout and process.stderr

        async def feed() -> None:
            while request.stdin and (data := await streams.read()):
                process.stdin.write(data)
            process.stdin.close()

        async def drain(pipe: asyncio.StreamReader, error: bool) -> None:
            while data := await pipe.read(4096):
                await streams.write(data, error=error)

        feeding = asyncio.ensure_future(feed())
        await asyncio.gather(drain(process.stdout, False), drain(process.stderr, True))
        feeding.cancel()
        return await process.wait()


    def configuration(self) -> Object:
        return {"clusterDNS": ["172.19.0.10"]}


@dataclass
class Kubectl:
    kubeconfig: Path
    home: Path
    loop: asyncio.AbstractEventLoop
    client: Client

    def __call__(self, *words: str, stdin: str = "", fails: bool = False) -> str:
        """What it prints; both streams where it fails, which it does exactly when `fails`."""
        env = {
            "KUBECONFIG": str(self.kubeconfig),
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            ["kubectl", *words], input=stdin, capture_output=True, text=True, env=env, timeout=60
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"kubectl {' '.join(words)}: {said}"
        return said if fails else done.stdout

    def do(self, work):
        """Something a controller or a node would do."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    home = tmp_path_factory.mktemp("home")
    settings = ApiSettings((("127.0.0.1", 0),), home / "pki", str(home / "store.db"))
    ready, stop = threading.Event(), asyncio.Event()
    found: list[Kubectl] = []

    async def main() -> None:
        built: ApiServer = build(settings, SystemClock(), SystemIds())
        built.door.kubelet = Processes()
        async with serve(built):
            built.write_kubeconfig(home / "kubeconfig")
            client = Client(built.transport)
            for name in ("default", "kube-system"):
                await client.create(NAMESPACE, {"metadata": {"name": name}})
                account = {"metadata": {"name": "default", "namespace": name}}
                await client.create(SERVICE_ACCOUNT, account)
            loop = asyncio.get_running_loop()
            found.append(Kubectl(home / "kubeconfig", home, loop, client))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert ready.wait(30), "the server did not start in 30 s"
    yield found[0]
    found[0].loop.call_soon_threadsafe(stop.set)
    thread.join(30)


@pytest.fixture
def running(kubectl: Kubectl) -> Iterator[str]:
    """A pod that a node runs: bound, and said to be running."""
    kubectl("run", "app", "--image=nginx", "--labels=app=app")
    status = {
        "phase": "Running",
        "podIP": "127.0.0.1",
        "startTime": "2026-01-01T00:00:00Z",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "name": "app",
                "ready": True,
                "restartCount": 2,
                "image": "nginx",
                "imageID": "",
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                "lastState": {},
            }
        ],
    }
    binding = b'{"target":{"kind":"Node","name":"node"}}'
    path = "/api/v1/namespaces/default/pods/app"
    kubectl.do(kubectl.client.raw("POST", f"{path}/binding", {}, binding))
    patch = {"status": status}
    kubectl.do(
        kubectl.client.patch(
            POD, "app", patch, namespace="default", how=Patch.STRATEGIC, subresource="status"
        )
    )
    yield "app"
    kubectl("delete", "pod", "app", "--force", "--grace-period=0")


def test_create_sends_protobuf_and_is_understood(kubectl):
    kubectl("create", "configmap", "c1", "--from-literal=a=1")
    assert kubectl("get", "cm", "c1", "-o", "jsonpath={.data.a}") == "1"
    kubectl("create", "secret", "generic", "s1", "--from-literal=k=v")
    assert kubectl("get", "secret", "s1", "-o", "jsonpath={.data.k}") == "dg=="
    kubectl("create", "deployment", "d1", "--image=nginx", "--replicas=2", "--port=80")
    assert "0/2" in kubectl("get", "deploy", "d1")
    kubectl("create", "service", "clusterip", "v1", "--tcp=80:8080")
    port = kubectl("get", "svc", "v1", "-o", "jsonpath={.spec.ports[0]}")
    assert '"targetPort":8080' in port
    kubectl("create", "serviceaccount", "robot")
    kubectl("create", "role", "r", "--verb=get,list", "--resource=pods")
    kubectl("create", "rolebinding", "rb", "--role=r", "--serviceaccount=default:robot")
    assert "Role/r" in kubectl("get", "rolebinding", "rb")
    token = kubectl("create", "token", "robot", "--duration=20m").strip()
    assert token.count(".") == 2
    who = kubectl(
        "auth",
        "whoami",
        f"--token={token}",
        "--kubeconfig=/dev/null",
        f"--server={_server(kubectl)}",
        "--insecure-skip-tls-verify",
    )
    assert "system:serviceaccount:default:robot" in who


def _server(kubectl) -> str:
    return kubectl("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}")


def test_apply_three_ways(kubectl):
    assert "created" in kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=DEPLOYMENT)
    kubectl("scale", "deploy", "web", "--replicas=7")
    kubectl("label", "deploy", "web", "mine=yes")
    changed = DEPLOYMENT.replace('{name: ONE, value: "1"}, ', "").replace("  replicas: 3\n", "")
    assert "configured" in kubectl("apply", "-f", "-", stdin=changed)
    env = kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[0].env}")
    assert env == '[{"name":"TWO","value":"2"}]'  # what was applied before is pruned
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.metadata.labels.mine}") == "yes"
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "1"
    said = kubectl("diff", "-f", "-", stdin=DEPLOYMENT, fails=True)
    assert "+  replicas: 3" in said
    bad = DEPLOYMENT.replace("replicas:", "replicaz:")
    assert 'unknown field "spec.replicaz"' in kubectl("apply", "-f", "-", stdin=bad, fails=True)


def test_patch_annotate_edit_and_rollout(kubectl):
    kubectl("create", "deployment", "d2", "--image=nginx")
    kubectl("patch", "deploy", "d2", "-p", '{"spec":{"replicas":2}}')
    kubectl("patch", "deploy", "d2", "--type=merge", "-p", '{"spec":{"replicas":3}}')
    replace = '[{"op":"replace","path":"/spec/replicas","value":4}]'
    kubectl("patch", "deploy", "d2", "--type=json", "-p", replace)
    kubectl("annotate", "deploy", "d2", "why=because")
    kubectl("set", "image", "deploy/d2", "nginx=nginx:2")
    kubectl("rollout", "restart", "deploy", "d2")
    found = kubectl("get", "deploy", "d2", "-o", "yaml")
    assert "replicas: 4" in found
    assert "image: nginx:2" in found
    assert "kubectl.kubernetes.io/restartedAt" in found
    said = kubectl("rollout", "status", "deploy", "d2", "--timeout=1s", fails=True)
    assert "timed out" in said or "exceeded" in said


def test_get_shows_what_the_article_shows(kubectl, running):
    head, line = kubectl("get", "pods", "-l", "app=app").splitlines()
    assert head.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert line.split()[:4] == ["app", "1/1", "Running", "2"]
    wide = kubectl("get", "pod", "app", "-o", "wide")
    assert "NOMINATED NODE" in wide
    assert "127.0.0.1" in wide
    assert (
        kubectl("get", "pods", "--field-selector=spec.nodeName=node", "-o", "name") == "pod/app\n"
    )
    described = kubectl("describe", "pod", "app")
    assert "kube-api-access-" in described
    assert "Restart Count:  2" in described


def test_watch_and_wait(kubectl, running):
    path = {"metadata": {"labels": {"seen": "yes"}}}
    watching = subprocess.Popen(
        ["kubectl", "get", "pods", "-w", "--output-watch-events"],
        env={
            "KUBECONFIG": str(kubectl.kubeconfig),
            "HOME": str(kubectl.home),
            "PATH": os.environ["PATH"],
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watching.stdout
        assert "EVENT" in watching.stdout.readline()
        assert "ADDED" in watching.stdout.readline()
        kubectl.do(kubectl.client.patch(POD, "app", path, namespace="default"))
        assert "MODIFIED" in watching.stdout.readline()
    finally:
        watching.terminate()
        watching.communicate(timeout=10)
    assert "condition met" in kubectl("wait", "pod/app", "--for=condition=Ready", "--timeout=5s")


def test_logs(kubectl, running):
    assert kubectl("logs", "app") == "app says hello\n"
    assert kubectl("logs", "app", "-f", "-c", "app") == "app says hello\nand goes on\n"
    assert "container x is not valid" in kubectl("logs", "app", "-c", "x", fails=True)


def test_exec(kubectl, running):
    assert kubectl("exec", "app", "--", "echo", "hi") == "hi\n"
    assert (
        kubectl("exec", "-i", "app", "-c", "app", "--", "cat", stdin="to and fro") == "to and fro"
    )
    assert "exit code 3" in kubectl("exec", "app", "--", "sh", "-c", "exit 3", fails=True)
    many = kubectl("exec", "app", "--", "sh", "-c", "seq 100000; echo wrong >&2")
    assert many.splitlines()[-1] == "100000"
    assert "container nope is not valid" in kubectl(
        "exec", "app", "-c", "nope", "--", "true", fails=True
    )


def test_custom_resources(kubectl):
    kubectl("apply", "-f", "-", stdin=DEFINITION)
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=5s")
    kubectl("apply", "-f", "-", stdin=WIDGET % "red")
    kubectl("apply", "-f", "-", stdin=WIDGET % "green")
    assert kubectl("get", "wi").splitlines()[1].split() == ["w", "green"]
    said = kubectl("apply", "-f", "-", stdin=WIDGET % "blue", fails=True)
    assert 'Unsupported value: "blue": supported values: "red", "green"' in said
    assert "color" in kubectl("explain", "widget.spec")
    kubectl("delete", "crd", "widgets.example.com")
    assert kubectl("get", "widgets.example.com", "w", fails=True)


def test_a_taken_address_is_refused_in_kubernetes_words(kubectl):
    kubectl("apply", "-f", "-", stdin=SERVICE % "first")
    said = kubectl("apply", "-f", "-", stdin=SERVICE % "second", fails=True)
    assert (
        'The Service "second" is invalid: spec.clusterIPs: Invalid value: ["172.19.0.10"]: failed'
        " to allocate IP 172.19.0.10: provided IP is already allocated"
    ) in said


def test_discovery_explain_and_auth(kubectl):
    resources = kubectl("api-resources")
    for word in ("deployments", "deploy", "customresourcedefinitions", "leases"):
        assert word in resources
    assert "apps/v1" in kubectl("api-versions")
    assert "rollingUpdate" in kubectl("explain", "deployment.spec.strategy")
    assert "kubernetes-admin" in kubectl("auth", "whoami")
    assert kubectl("auth", "can-i", "delete", "pods") == "yes\n"
    assert "v1.32" in kubectl("version")


def test_mistakes_are_one_clear_line(kubectl):
    for said in (
        kubectl("get", "pod", "nope", fails=True),
        kubectl("get", "nonsense", fails=True),
        kubectl("create", "configmap", "Bad_Name", fails=True),
        kubectl("-n", "absent", "create", "configmap", "x", fails=True),
        kubectl("delete", "namespace", "default", fails=True),
    ):
        assert len(said.strip().splitlines()) == 1, said
        assert "Traceback" not in said


def test_the_kubelet_says_what_it_runs_with(kubectl):
    node = b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"node"}}'
    kubectl.do(kubectl.client.raw("POST", "/api/v1/nodes", {}, node))
    page = "/api/v1/nodes/{}/proxy/{}"
    said = json.loads(kubectl("get", "--raw", page.format("node", "configz")))
    assert said == {"kubeletconfig": {"clusterDNS": ["172.19.0.10"]}}
    assert kubectl("get", "--raw", page.format("node", "healthz")) == "ok"
    assert "NotFound" in kubectl("get", "--raw", page.format("other", "configz"), fails=True)
    assert "could not find" in kubectl("get", "--raw", page.format("node", "pods"), fails=True)
    kubectl("delete", "node", "node")
