"""Real servers as workloads: PostgreSQL and Redis of Debian, and one that speaks first.

Their ports are declared TCP, so a sidecar carries their bytes as they come, whoever speaks first.
PostgreSQL is a StatefulSet, whose pods are reached by their names.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.live.cluster import LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE = "servers"
NOBODY = {"runAsUser": 65534, "runAsGroup": 65534}
IMAGE = "nginx:latest"  # the host's own programs; which one is run is said by the command
GREETER = """
import socketserver

class Greet(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"hello, who are you?\\n")
        name = self.rfile.readline().strip()
        self.wfile.write(b"welcome " + name + b"\\n")

socketserver.ThreadingTCPServer(("", 7000), Greet).serve_forever()
"""


def binaries() -> str:
    """Where Debian keeps PostgreSQL's server, which is not in the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return str(found[-1].parent) if found else ""


def service(name: str, app: str, port: int, **spec: object) -> dict:
    ports = [{"name": f"tcp-{app}", "port": port}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"selector": {"app": app}, "ports": ports, **spec}}  # fmt: skip


def workload(kind: str, app: str, command: list[str], port: int, **spec: object) -> dict:
    """`port` 0: it serves nothing."""
    container = {
        "name": app, "image": IMAGE, "command": command, "securityContext": NOBODY,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        **({"ports": [{"containerPort": port}], "readinessProbe": {
            "tcpSocket": {"port": port}, "periodSeconds": 1}} if port else {}),
    }  # fmt: skip
    pod = {
        "containers": [container], "volumes": [{"name": "data", "emptyDir": {}}],
        "securityContext": {"fsGroup": 65534}, "terminationGracePeriodSeconds": 3,
    }  # fmt: skip
    labels = {"app": app}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": app},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
    }  # fmt: skip


def objects() -> list[dict]:
    database = (
        f"PATH={binaries()}:$PATH; set -e; initdb -D /data/db -U app --auth=trust >/dev/null; "
        "echo 'host all all all trust' >>/data/db/pg_hba.conf; "
        "exec postgres -D /data/db -c listen_addresses='*' -c unix_socket_directories=/data "
        "-c cluster_name=$HOSTNAME -c shared_buffers=1MB -c fsync=off"
    )
    return [
        {"apiVersion": "v1", "kind": "Namespace",
         "metadata": {"name": SPACE, "labels": {"istio-injection": "enabled"}}},
        service("postgres", "postgres", 5432),
        service("peers", "postgres", 5432, clusterIP="None"),
        workload("StatefulSet", "postgres", ["sh", "-c", database], 5432, replicas=2,
                 serviceName="peers"),
        service("redis", "redis", 6379),
        workload("Deployment", "redis", ["redis-server", "--protected-mode", "no", "--save", "",
                                         "--dir", "/data"], 6379),
        service("greeter", "greeter", 7000),
        workload("Deployment", "greeter", [sys.executable, "-c", GREETER], 7000),
        workload("Deployment", "client", ["sleep", "infinity"], 0),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def servers(
    cluster: LiveCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveCluster]:
    if not binaries():
        pytest.skip("not installed: postgresql (make test installs it)")
    file = tmp_path_factory.mktemp("servers") / "servers.yaml"
    file.write_text(yaml.safe_dump_all(objects()))
    cluster.kubectl("apply", "-n", SPACE, "-f", str(file))
    try:
        for one in ("statefulset/postgres", "deployment/redis", "deployment/greeter",
                    "deployment/client"):  # fmt: skip
            cluster.kubectl("rollout", "status", "-n", SPACE, one, "--timeout=90s", limit_s=100)
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", SPACE, limit_s=90)


def inside(cluster: LiveCluster, *command: str) -> str:
    """What a command in the client says; through its sidecar and the server's."""
    return cluster.kubectl(
        "exec", "-n", SPACE, "deployment/client", "-c", "client", "--", "timeout", "20", *command
    )


def psql(cluster: LiveCluster, host: str, sql: str) -> str:
    return inside(cluster, "psql", "-h", host, "-U", "app", "-d", "postgres", "-Atc", sql).strip()


def test_every_server_has_its_sidecar(servers: LiveCluster) -> None:
    pods = servers.pods(SPACE)
    assert len(pods) == 5
    assert set(pods.values()) == {"2/2 Running"}
    rows = servers.kubectl("get", "statefulset", "-n", SPACE, "--no-headers").split()
    assert rows[:2] == ["postgres", "2/2"]


def test_a_database_is_asked_by_its_service(servers: LiveCluster) -> None:
    assert psql(servers, "postgres", "select 40 + 2") == "42"
    sql = "create table t as select generate_series(1, 100000) as n; select sum(n) from t"
    assert psql(servers, "postgres-0.peers", sql).splitlines()[-1] == "5000050000"


def test_pods_of_a_statefulset_are_reached_by_their_names(servers: LiveCluster) -> None:
    for number in (0, 1):
        name = f"postgres-{number}"
        for host in (f"{name}.peers", f"{name}.peers.{SPACE}.svc.cluster.local"):
            assert psql(servers, host, "show cluster_name") == name


def test_a_cache_keeps_what_it_is_given(servers: LiveCluster) -> None:
    assert inside(servers, "redis-cli", "-h", "redis", "set", "a", "b").strip() == "OK"
    assert inside(servers, "redis-cli", "-h", "redis", "get", "a").strip() == "b"


def test_a_server_that_speaks_first_does_not_hang(servers: LiveCluster) -> None:
    talk = "exec 3<>/dev/tcp/greeter/7000; head -n1 <&3; echo me >&3; head -n1 <&3"
    said = inside(servers, "bash", "-c", talk)
    assert said.splitlines() == ["hello, who are you?", "welcome me"]


def test_the_way_to_them_is_told_as_it_is_gone(servers: LiveCluster) -> None:
    """`route` names the pod behind a name; the sidecar's own numbers say that it went there."""
    told = servers.telltale(
        "route", "client", "tcp://postgres-1.peers:5432", "-n", SPACE, "-o", "json"
    )
    address = servers.pod_address("postgres-1", SPACE)
    assert f'"{address}:5432"' in told.stdout
    assert f'"postgres-1.{SPACE}"' in told.stdout
    shown = servers.telltale("proxy-config", "endpoints", f"deploy/redis.{SPACE}", "--name",
                             f"outbound|6379||redis.{SPACE}.svc.cluster.local").stdout  # fmt: skip
    assert f"{servers.pod_address('redis', SPACE)}:6379" in shown


def test_a_rollout_goes_from_the_last_to_the_first_and_names_stay(servers: LiveCluster) -> None:
    def uids() -> dict[str, str]:
        found = servers.read("get", "pods", "-n", SPACE, "-l", "app=postgres")["items"]
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in found}

    before = uids()
    servers.kubectl("rollout", "restart", "-n", SPACE, "statefulset/postgres")
    said = servers.kubectl(
        "rollout", "status", "-n", SPACE, "statefulset/postgres", "--timeout=90s", limit_s=100
    )
    assert "2 new pods have been updated" in said
    after = uids()
    assert before.keys() == after.keys() == {"postgres-0", "postgres-1"}
    assert all(before[name] != after[name] for name in before)
    servers.kubectl("scale", "-n", SPACE, "statefulset/postgres", "--replicas=1")
    until(lambda: ", ".join(uids().keys() - {"postgres-0"}), 30, "postgres-1 to be gone")
    assert psql(servers, "postgres", "show cluster_name") == "postgres-0"
