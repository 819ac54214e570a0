"""What people type at a terminal: each group of kubectl's verbs as one story, for real."""

import base64
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.cluster import LiveCluster, fetch, until
from tests.live.typed import Kubectl, read_until, sleeping, whoami

pytestmark = [pytest.mark.live, pytest.mark.root]

SPACE = "kubectl-stories"  # no injection here: one container a pod, quick to start


@pytest.fixture(scope="module")
def kubectl(cluster: LiveCluster) -> Iterator[Kubectl]:
    """In a namespace of its own, with Deployment `web` (nginx, two pods) and Service `web`."""
    typed = Kubectl(cluster, SPACE)
    cluster.kubectl("create", "namespace", SPACE)
    typed("create", "deployment", "web", "--image=nginx:latest", "--replicas=2", "--port=80")
    typed("expose", "deployment", "web", "--port=8080", "--target-port=80")
    typed("rollout", "status", "deployment/web", "--timeout=60s")
    yield typed
    cluster.kubectl("delete", "namespace", SPACE, "--timeout=60s")


def test_get_in_every_form(kubectl: Kubectl) -> None:
    listed = kubectl.cluster.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    assert len(listed) > 15
    for resource in listed:
        kubectl("get", resource, "-A", "-o", "wide")
        kubectl("describe", resource)
    assert re.match(
        r"NAME +READY +STATUS +RESTARTS +AGE +IP +NODE", kubectl("get", "po", "-o", "wide")
    )
    names = kubectl("get", "pods", "-l", "app=web", "-o", "name").split()
    assert len(names) == 2
    assert kubectl("get", "pods", "-o", "jsonpath={.items[*].status.phase}") == "Running Running"
    ordered = kubectl(
        "get", "pods", "--sort-by=.metadata.name", "-o", "custom-columns=N:.metadata.name"
    )
    assert ordered.split() == ["N", *sorted(one.removeprefix("pod/") for one in names)]
    assert (
        "No resources"
        in kubectl.run("get", "pods", "--field-selector", "status.phase=Failed").stderr.decode()
    )
    assert "not a known field selector" in kubectl.fails("get", "pods", "--field-selector", "a=b")
    assert "unable to parse requirement" in kubectl.fails("get", "pods", "-l", "a in (b")
    assert 'pods "nope" not found' in kubectl.fails("get", "pod", "nope")
    assert "doesn't have a resource type" in kubectl.fails("get", "foo")
    labels = kubectl.cluster.kubectl("get", "namespaces", "--show-labels", "--no-headers")
    for row in labels.splitlines():
        assert f"kubernetes.io/metadata.name={row.split()[0]}" in row


def test_events_are_told_in_the_order_they_happened(kubectl: Kubectl) -> None:
    told = kubectl("describe", "pod", kubectl.pod()).partition("Events:")[2]
    words = ("Scheduled", "Pulled", "Created", "Started")
    assert [one for one in re.findall(r"Normal +(\w+)", told) if one in words] == list(words)
    newer = kubectl("get", "events.events.k8s.io", "--no-headers")
    assert "Created container: nginx" in newer
    assert "Scheduled" in kubectl("events", "--for", f"pod/{kubectl.pod()}")


def test_watching_sees_a_pod_come_and_go(kubectl: Kubectl) -> None:
    with kubectl.going_on(
        "get", "configmaps", "-w", "--output-watch-events", "--no-headers"
    ) as seen:
        assert seen.stdout
        kubectl("create", "configmap", "seen", "--from-literal=a=b")
        kubectl("label", "configmap", "seen", "x=y")
        kubectl("delete", "configmap", "seen")
        rows = (line.split()[:2] for line in iter(seen.stdout.readline, ""))
        mine = (row[0] for row in rows if row[1:] == ["seen"])
        assert [next(mine) for _ in range(3)] == ["ADDED", "MODIFIED", "DELETED"]


def test_create_apply_edit_replace_and_diff(kubectl: Kubectl, tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("hello\n")
    kubectl("create", "configmap", "c", f"--from-file={tmp_path}/f.txt", "--from-literal=k=v")
    assert kubectl("get", "configmap", "c", "-o", r"jsonpath={.data.f\.txt}") == "hello\n"
    kubectl("create", "secret", "generic", "s", "--from-literal=p=q")
    assert base64.b64decode(kubectl("get", "secret", "s", "-o", "jsonpath={.data.p}")) == b"q"
    kubectl("create", "serviceaccount", "robot")
    assert f"system:serviceaccount:{SPACE}:robot" in whoami(
        kubectl, kubectl("create", "token", "robot")
    )
    assert "already exists" in kubectl.fails("create", "configmap", "c")

    file = tmp_path / "map.yaml"
    file.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: '1', b: '2'}\n"
    )
    assert "created" in kubectl("apply", "-f", str(file))
    assert "unchanged" in kubectl("apply", "-f", str(file))
    file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: '3'}\n")
    changed = kubectl.run("diff", "-f", str(file))
    assert changed.returncode == 1
    assert b'+  a: "3"' in changed.stdout
    kubectl("apply", "-f", str(file))
    assert kubectl("get", "cm", "m", "-o", "jsonpath={.data}") == '{"a":"3"}'  # b was taken away
    assert kubectl.run("edit", "cm", "m", editor="sed -i '/a:/s/3/4/'").returncode == 0
    assert kubectl("get", "cm", "m", "-o", "jsonpath={.data.a}") == "4"
    file.write_text(kubectl("get", "cm", "m", "-o", "yaml"))
    kubectl("label", "cm", "m", "x=y")
    assert "the object has been modified" in kubectl.fails("replace", "-f", str(file))
    kubectl("replace", "--force", "-f", str(file))
    (tmp_path / "kustomization.yaml").write_text(
        "namePrefix: k-\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n"
    )
    assert "configmap/k-g-" in kubectl("apply", "-k", str(tmp_path))
    assert "deleted" in kubectl("delete", "-k", str(tmp_path))


def test_server_side_apply(kubectl: Kubectl) -> None:
    def text(**data: str) -> str:
        lines = "".join(f"\n  {key}: '{value}'" for key, value in data.items())
        return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shared}}\ndata: {lines}\n"

    def apply(owner: str, *more: str, **data: str) -> subprocess.CompletedProcess[bytes]:
        flags = ("--server-side", f"--field-manager={owner}", *more)
        return kubectl.run("apply", "-f", "-", *flags, stdin=text(**data))

    assert b"serverside-applied" in apply("one", a="1", b="2").stdout
    refused = apply("two", a="9").stderr.decode()
    assert 'conflict with "one": .data.a' in refused
    assert "--force-conflicts" in refused
    assert apply("two", "--force-conflicts", a="9").returncode == 0
    assert apply("one", d="5").returncode == 0  # names b no longer, and owns a no longer
    assert kubectl("get", "cm", "shared", "-o", "jsonpath={.data}") == '{"a":"9","d":"5"}'
    managed = kubectl("get", "cm", "shared", "-o", "yaml", "--show-managed-fields")
    assert "manager: two" in managed
    assert "managedFields" not in kubectl("get", "cm", "shared", "-o", "yaml")
    kubectl.run("apply", "-f", "-", stdin=text(c="3"))  # by the client, then by the server
    upgraded = kubectl.run("apply", "-f", "-", "--server-side", "--force-conflicts",
                           stdin=text(c="4"))  # fmt: skip
    assert upgraded.returncode == 0, upgraded.stderr
    assert kubectl("get", "cm", "shared", "-o", "jsonpath={.data.c}") == "4"


def test_patch_scale_label_and_set(kubectl: Kubectl) -> None:
    kubectl("patch", "deployment", "web", "-p", '{"spec":{"replicas":3}}')
    kubectl("patch", "deployment", "web", "--type=merge", "-p", '{"metadata":{"labels":{"x":"y"}}}')
    kubectl("patch", "deployment", "web", "--type=json",
            "-p", '[{"op":"remove","path":"/metadata/labels/x"}]')  # fmt: skip
    kubectl("scale", "deployment/web", "--current-replicas=3", "--replicas=2")
    assert "cannot unmarshal string" in kubectl.fails(
        "patch", "deployment", "web", "-p", '{"spec":{"replicas":"x"}}'
    )
    assert "greater than or equal to 0" in kubectl.fails(
        "patch", "deployment", "web", "-p", '{"spec":{"replicas":-1}}'
    )
    kubectl("label", "deployment", "web", "tier=front")
    assert "already has a value" in kubectl.fails("label", "deployment", "web", "tier=back")
    kubectl("label", "deployment", "web", "tier-")
    kubectl("set", "env", "deployment/web", "A=1")
    kubectl("set", "resources", "deployment/web", "--requests=cpu=10m")
    assert "A=1" in kubectl("set", "env", "deployment/web", "--list")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")


def test_rollouts(kubectl: Kubectl) -> None:
    kubectl("annotate", "deployment", "web", "kubernetes.io/change-cause=by hand", "--overwrite")
    kubectl("rollout", "restart", "deployment/web")
    assert "successfully rolled out" in kubectl(
        "rollout", "status", "deployment/web", "--timeout=60s"
    )
    history = kubectl("rollout", "history", "deployment/web")
    assert "by hand" in history
    first = history.split()[3]
    assert "nginx:latest" in kubectl("rollout", "history", "deployment/web", f"--revision={first}")
    kubectl("rollout", "undo", "deployment/web", f"--to-revision={first}")
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    assert "unable to find" in kubectl.fails(
        "rollout", "undo", "deployment/web", "--to-revision=99"
    )
    kubectl("rollout", "pause", "deployment/web")
    assert "can't restart paused" in kubectl.fails("rollout", "restart", "deployment/web")
    kubectl("rollout", "resume", "deployment/web")


def test_logs(kubectl: Kubectl) -> None:
    reviews = replace(kubectl, namespace="default")
    mine = "app=reviews,version=v1"
    reviews("delete", "pod", "-l", mine)  # a new one: nothing of an earlier story in its log
    reviews("wait", "pod", "-l", mine, "--for=condition=Ready", "--timeout=60s")
    pod = reviews.pod(mine)
    assert "listening" in reviews("logs", pod)
    assert "Envoy proxy is ready" in reviews("logs", pod, "-c", "istio-proxy")
    assert "istio_iptables" in reviews("logs", pod, "--all-containers", "--tail=1")
    assert reviews("logs", "-l", "app=reviews", "--tail=1", "--prefix").count("[pod/reviews-") == 3
    line = reviews("logs", "deployment/reviews-v1", "--timestamps", "--tail=1")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ", line)
    assert reviews("logs", pod, f"--since-time={line.split()[0]}") != ""
    assert reviews("logs", pod, "--since-time=2100-01-01T00:00:00Z") == ""
    assert "previous terminated container" in reviews.fails(
        "logs", pod, "-c", "reviews", "--previous"
    )
    assert "not valid for pod" in reviews.fails("logs", pod, "-c", "nope")
    kubectl("run", "talker", "--image=nginx:latest", "--restart=Never", "--command", "--",
            "sh", "-c", "while :; do echo tick; sleep 0.2; done")  # fmt: skip
    kubectl("wait", "pod/talker", "--for=condition=Ready", "--timeout=30s")
    for verb in (("logs", "-f", "talker"), ("attach", "talker")):
        with kubectl.going_on(*verb) as following:
            assert following.stdout
            assert "tick\n" in (following.stdout.readline() for _ in range(5))
    kubectl("delete", "pod", "talker", "--grace-period=0", "--force")


def test_exec(kubectl: Kubectl) -> None:
    pod = kubectl.pod()
    assert kubectl("exec", pod, "--", "echo", "hi") == "hi\n"
    assert kubectl.run("exec", pod, "--", "sh", "-c", "exit 7").returncode == 7
    assert kubectl.run("exec", "-i", pod, "--", "cat", stdin="data").stdout == b"data"
    many = kubectl.run("exec", pod, "--", "head", "-c", "20000000", "/dev/zero")
    assert len(many.stdout) == 20_000_000
    assert "not valid for pod" in kubectl.fails("exec", pod, "-c", "nope", "--", "id")
    with kubectl.going_on("exec", pod, "--", "sleep", "4242"):
        until(
            lambda: "" if sleeping(kubectl, pod) else "the command", 10, "sleep to run in the pod"
        )
    until(lambda: sleeping(kubectl, pod), 10, "the command to end with its kubectl")


def test_exec_with_a_terminal(kubectl: Kubectl) -> None:
    ours, theirs = pty.openpty()
    command = kubectl.command(
        "exec", "-it", kubectl.pod(), "--", "sh", "-c", "tty; read x; echo got $x"
    )
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = read_until(ours, lambda text: "/dev/pts/" in text)
    os.write(ours, b"this\r")
    seen += read_until(ours, lambda text: "got this" in text)
    assert process.wait(10) == 0, seen
    os.close(ours)


def test_cp(kubectl: Kubectl, tmp_path: Path) -> None:
    pod, data = kubectl.pod(), os.urandom(5_000_000)
    (tmp_path / "big").write_bytes(data)
    kubectl("cp", str(tmp_path / "big"), f"{pod}:/tmp/big")
    kubectl("cp", f"{pod}:/tmp/big", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == data


def test_port_forward(kubectl: Kubectl) -> None:
    for what, port in (
        (f"pod/{kubectl.pod()}", "80"),
        ("service/web", "8080"),
        ("deployment/web", "80"),
    ):
        with kubectl.going_on("port-forward", what, f":{port}", "--address=127.0.0.1") as forward:
            assert forward.stdout
            local = forward.stdout.readline().split()[2]  # Forwarding from 127.0.0.1:NNN -> 80
            for _ in range(3):
                code, body = fetch(f"http://{local}/")
                assert (code, "html" in body) == (200, True), what
    reviews = replace(kubectl, namespace="default")
    with reviews.going_on("port-forward", reviews.pod("app=reviews"), ":15000") as forward:
        assert forward.stdout  # Envoy's admin page listens on the pod's loopback only
        local = forward.stdout.readline().split()[2]
        assert fetch(f"http://{local}/ready") == (200, "LIVE\n")
    with kubectl.going_on("port-forward", kubectl.pod(), ":4999") as forward:
        assert forward.stdout
        local = forward.stdout.readline().split()[2]
        fetch(f"http://{local}/")
        assert any("error forwarding port 4999" in forward.stdout.readline() for _ in range(5))


def test_run_wait_and_delete(kubectl: Kubectl) -> None:
    kubectl("run", "one", "--image=nginx:latest", "--labels=a=b")
    kubectl("wait", "pod/one", "--for=condition=Ready", "--timeout=30s")
    kubectl("wait", "pod/one", "--for=jsonpath={.status.phase}=Running", "--timeout=5s")
    assert "timed out" in kubectl.fails("wait", "pod/one", "--for=condition=Nope", "--timeout=1s")
    kubectl("delete", "pod", "one", "--wait=false")
    kubectl("wait", "pod/one", "--for=delete", "--timeout=30s")
    ended = kubectl.run("run", "two", "--image=nginx:latest", "--restart=Never", "--rm", "-i",
                        "--command", "--", "sh", "-c", "echo out; exit 3")  # fmt: skip
    assert (ended.returncode, b"out\n" in ended.stdout) == (3, True)
    kubectl("run", "three", "--image=nginx:latest", "--labels=a=b")
    kubectl("delete", "pods", "-l", "a=b", "--now")
    assert "three" not in kubectl("get", "pods")
    assert "not found" in kubectl.fails("delete", "pod", "three")
    kubectl("delete", "pod", "three", "--ignore-not-found")


def test_a_namespace_goes_with_what_is_in_it(kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "doomed")
    inside = replace(kubectl, namespace="doomed")
    inside("create", "deployment", "d", "--image=nginx:latest")
    inside("create", "configmap", "c")
    kubectl("delete", "namespace", "doomed", "--timeout=60s")
    assert "not found" in kubectl.fails("get", "namespace", "doomed")
    assert inside("get", "deployments,pods,configmaps", "-o", "name") == ""
    assert "may not be deleted" in kubectl.fails("delete", "namespace", "default")


CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: PLURAL.play.example.com}
spec:
  group: play.example.com
  scope: Namespaced
  names: {plural: PLURAL, kind: Toy, shortNames: [ty]}
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
            properties:
              color: {type: string, enum: [red, blue], description: its colour}
"""
TOY = """
apiVersion: play.example.com/v1
kind: Toy
metadata: {name: t, finalizers: [play.example.com/hold]}
spec: {color: red}
"""


def test_custom_resources_come_and_go(kubectl: Kubectl) -> None:
    def applied(text: str) -> str:
        done = kubectl.run("apply", "-f", "-", stdin=text)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    applied(CRD.replace("PLURAL", "toys"))
    kubectl("wait", "crd/toys.play.example.com", "--for=condition=Established", "--timeout=10s")
    applied(TOY)
    assert kubectl("get", "ty").split() == ["NAME", "COLOR", "t", "red"]
    assert "its colour" in kubectl("explain", "toy.spec.color")
    assert 'supported values: "red", "blue"' in kubectl.fails(
        "apply", "-f", "-", stdin=TOY.replace("red", "green")
    )
    applied(CRD.replace("PLURAL", "puppets"))
    reason = "jsonpath={.status.conditions[?(@.type=='NamesAccepted')].status}"
    assert kubectl("get", "crd", "puppets.play.example.com", "-o", reason) == "False"
    kubectl("delete", "crd", "puppets.play.example.com", "--timeout=10s")
    kubectl("delete", "crd", "toys.play.example.com", "--wait=false")
    assert "t " in kubectl("get", "toys")  # its finalizer holds it, and it the definition
    kubectl("patch", "toy", "t", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    kubectl("wait", "crd/toys.play.example.com", "--for=delete", "--timeout=10s")


def test_asking_about_the_cluster(kubectl: Kubectl) -> None:
    assert "is running at https://127.0.0.1:" in kubectl("cluster-info")
    assert "Server Version: v1.32" in kubectl("version")
    assert "apps/v1" in kubectl("api-versions").split()
    assert "kubernetes-admin" in kubectl("auth", "whoami")
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert "FIELD: livenessProbe" in kubectl("explain", "pod.spec.containers.livenessProbe")
    assert "containerPort" in kubectl(
        "explain", "pod.spec.containers.ports", "--output=plaintext-openapiv2"
    )


def test_what_is_not_there_is_said_plainly(kubectl: Kubectl) -> None:
    foo = "apiVersion: v1\nkind: Foo\nmetadata: {name: x}\n"
    for verb in ("create", "apply"):
        said = kubectl.fails(verb, "-f", "-", stdin=foo)
        assert 'no matches for kind "Foo" in version "v1"' in said
        assert "ensure CRDs are installed first" in said
    assert "Metrics API not available" in kubectl.fails("top", "pods")
    assert "could not find the requested resource" in kubectl.fails(
        "autoscale", "deployment", "web", "--max=3"
    )
    assert "ephemeral containers are disabled" in kubectl.fails(
        "debug", kubectl.pod(), "--image=nginx:latest", "--profile=general"
    )
    for address, why in (
        (
            kubectl.cluster.service_address("kubernetes", "default"),
            "provided IP is already allocated",
        ),
        ("10.0.0.1", "is not in the valid range. The range of valid IPs is"),
        ("nonsense", "must be a valid IP address"),
    ):
        assert why in kubectl.fails(
            "create", "service", "clusterip", "x", f"--clusterip={address}", "--tcp=80"
        )
