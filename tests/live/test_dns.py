"""DNS beside the workload: names of the mesh answered by the agent, hosts with addresses given out.

Two servers stand behind hosts that no DNS knows, on one port; only their addresses tell them apart.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.live.cluster import LiveCluster, until

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE = "names"
PORT = 7000
CAPTURE = {"proxy.istio.io/config": "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: 'true'\n"}
NOBODY = {"runAsUser": 65534, "runAsGroup": 65534}
GREETER = """
import os, socketserver

class Greet(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(os.environ["HOSTNAME"].split("-")[0].encode() + b"\\n")

socketserver.ThreadingTCPServer(("", 7000), Greet).serve_forever()
"""


def deployment(name: str, command: list[str], *, port: int = 0) -> dict:
    container = {"name": "app", "image": "nginx:latest", "command": command,
                 "securityContext": NOBODY}  # fmt: skip
    if port:
        probe = {"tcpSocket": {"port": port}, "periodSeconds": 1}
        container |= {"ports": [{"containerPort": port}], "readinessProbe": probe}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels, "annotations": CAPTURE},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
        }},
    }  # fmt: skip


def entry(host: str, address: str) -> dict:
    ports = [{"number": PORT, "name": "tcp", "protocol": "TCP"}]
    return {
        "apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
        "metadata": {"name": host.split(".", maxsplit=1)[0]},
        "spec": {"hosts": [host], "ports": ports, "location": "MESH_INTERNAL",
                 "resolution": "STATIC", "endpoints": [{"address": address}]},
    }  # fmt: skip


def objects() -> list[dict]:
    ports = [{"name": "tcp", "port": PORT}]
    return [
        {"apiVersion": "v1", "kind": "Namespace",
         "metadata": {"name": SPACE, "labels": {"istio-injection": "enabled"}}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "one"},
         "spec": {"selector": {"app": "one"}, "ports": ports}},
        deployment("one", [sys.executable, "-c", GREETER], port=PORT),
        deployment("two", [sys.executable, "-c", GREETER], port=PORT),
        deployment("client", ["sleep", "infinity"]),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def named(
    cluster: LiveCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveCluster]:
    folder = tmp_path_factory.mktemp("names")
    apply(cluster, folder / "all.yaml", *objects())
    try:
        for one in ("one", "two", "client"):
            wait = ("rollout", "status", "-n", SPACE, f"deployment/{one}", "--timeout=90s")
            cluster.kubectl(*wait, limit_s=100)
        apply(
            cluster, folder / "entries.yaml",
            entry("db.example.com", cluster.pod_address("one", SPACE)),
            entry("cache.example.com", cluster.pod_address("two", SPACE)),
        )  # fmt: skip
        until(
            lambda: "" if all(addresses(cluster, one) for one in ("db", "cache")) else "addresses",
            30, "the ServiceEntries to be given addresses",
        )  # fmt: skip
        yield cluster
    finally:
        cluster.kubectl("delete", "namespace", SPACE, limit_s=90)


def apply(cluster: LiveCluster, file: Path, *wanted: dict) -> None:
    file.write_text(yaml.safe_dump_all(wanted))
    cluster.kubectl("apply", "-n", SPACE, "-f", str(file))


def addresses(cluster: LiveCluster, entry: str) -> list[str]:
    status = cluster.read("get", "serviceentry", "-n", SPACE, entry).get("status", {})
    return [one["value"] for one in status.get("addresses", [])]


def inside(cluster: LiveCluster, *command: str, container: str = "app") -> str:
    """What a command in the client says."""
    pod = ("-n", SPACE, "deployment/client", "-c", container)
    return cluster.kubectl("exec", *pod, "--", "timeout", "20", *command, check=False).strip()


def looked_up(cluster: LiveCluster, name: str) -> str:
    """As the C library resolves it, search list and all."""
    return inside(cluster, "getent", "ahostsv4", name).split(" ", maxsplit=1)[0]


def greeted(cluster: LiveCluster, host: str) -> str:
    return inside(cluster, "bash", "-c", f"exec 3<>/dev/tcp/{host}/{PORT}; head -n1 <&3")


def told(cluster: LiveCluster, path: str) -> dict:
    text = inside(
        cluster, "pilot-agent", "request", "--debug-port", "15020", "GET", path,
        container="istio-proxy",
    )  # fmt: skip
    return dict(json.loads(text))


def test_a_host_without_an_address_is_found_at_the_one_given_out(named: LiveCluster) -> None:
    [db], [cache] = addresses(named, "db"), addresses(named, "cache")
    assert db.startswith("240.240.") and cache.startswith("240.240.") and db != cache
    until(
        lambda: "" if looked_up(named, "cache.example.com") == cache else "cache.example.com",
        20, "the names to be told to the agent",
    )  # fmt: skip
    assert looked_up(named, "db.example.com") == db
    reconciled = named.kubectl("wait", "-n", SPACE, "--for=condition=Reconciled", "serviceentry/db")
    assert "condition met" in reconciled
    table = told(named, "debug/ndsz")
    assert table["db.example.com"] == [db]


def test_two_hosts_on_one_port_are_told_apart_by_their_addresses(named: LiveCluster) -> None:
    until(
        lambda: greeted(named, "cache.example.com").replace("two", ""), 20,
        "cache.example.com to be answered by two",
    )  # fmt: skip
    for _ in range(3):
        assert greeted(named, "db.example.com") == "one"
        assert greeted(named, "cache.example.com") == "two"


def test_services_are_found_by_every_form_of_their_names(named: LiveCluster) -> None:
    at = named.service_address("one", SPACE)
    for name in ("one", f"one.{SPACE}", f"one.{SPACE}.svc", f"one.{SPACE}.svc.cluster.local"):
        assert looked_up(named, name) == at
    pilot = named.service_address("istio-pilot", "istio-system")
    assert looked_up(named, "istio-pilot.istio-system") == pilot
    assert greeted(named, "one") == "one"


def test_other_names_are_the_clusters_dns_to_answer(named: LiveCluster) -> None:
    dig = ("dig", "+short", "+tries=1")
    assert inside(named, *dig, "dns-version.cluster.local", "TXT") == '"1.1.0"'
    assert inside(named, *dig, "+tcp", "dns-version.cluster.local", "TXT") == '"1.1.0"'
    assert "NXDOMAIN" in inside(named, "dig", "nobody.cluster.local")
    # of a name that is known, a family that is not there is nothing, and not nobody
    empty = inside(named, "dig", f"one.{SPACE}.svc.cluster.local", "AAAA")
    assert "NOERROR" in empty and "ANSWER: 0" in empty


def test_the_mesh_is_found_while_the_clusters_dns_is_away(named: LiveCluster) -> None:
    dns = ("-n", "kube-system", "deployment/kube-dns")
    named.kubectl("scale", *dns, "--replicas=0")
    try:
        until(
            lambda: named.kubectl("get", "pods", "-n", "kube-system", "--no-headers"), 60,
            "kube-dns to be gone",
        )  # fmt: skip
        assert greeted(named, "one") == "one"
        assert greeted(named, "db.example.com") == "one"
        assert "SERVFAIL" in inside(named, "dig", "+tries=1", "+time=9", "nobody.cluster.local")
        lost = told(named, "debug/why")
        assert lost["ready"] and lost["dns"]["names"] > 5
        assert lost["dns"]["upstream"]["nameserver"] == lost["nameserver"]
        assert lost["dns"]["upstream"]["error"] in ("i/o timeout", "connection refused")
    finally:
        named.kubectl("scale", *dns, "--replicas=1")
    wait = ("rollout", "status", *dns, "--timeout=60s")
    named.kubectl(*wait, limit_s=70)
    assert "NXDOMAIN" in inside(named, "dig", "nobody.cluster.local")
    assert told(named, "debug/why")["dns"]["upstream"] is None
