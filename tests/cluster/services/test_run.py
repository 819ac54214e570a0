"""The service proxy on real rules, in namespaces of its own: reached, refused, silence."""

import asyncio
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pyroute2 import IPRoute

from telltale.cluster.services import run
from telltale.cluster.services.nft import Nft
from telltale.cluster.services.settings import Settings
from telltale.kube.client import Change
from telltale.kube.codec import convert
from telltale.kube.service import EndpointSlice, Service

pytestmark = [pytest.mark.live, pytest.mark.root]

A, B, C = "172.31.210.11", "172.31.210.12", "172.31.210.13"
WEB, DNS, IDLE, STALE = "172.31.220.80", "172.31.220.10", "172.31.220.66", "172.31.220.99"


def service(name, address, ports, **spec):
    spec = {"clusterIP": address, "selector": {"app": name}, **spec}
    spec["ports"] = [
        {"name": f"{protocol.lower()}-{port}", "protocol": protocol, "port": port}
        for protocol, port in ports
    ]
    meta = {"name": name, "namespace": "default"}
    return convert(Service, {"metadata": meta, "spec": spec})


def slice_of(one: Service, *addresses: str, target: int = 9080) -> EndpointSlice:
    return convert(
        EndpointSlice,
        {
            "metadata": {
                "name": f"{one.metadata.name}-abcde",
                "namespace": "default",
                "labels": {"kubernetes.io/service-name": one.metadata.name},
            },
            "ports": [
                {"name": port.name, "port": target, "protocol": port.protocol}
                for port in one.spec.ports
            ],
            "endpoints": [{"addresses": [one], "conditions": {"ready": True}} for one in addresses],
        },
    )


class Proxy:
    """The writer, running in the node's namespace on a loop of its own."""

    def __init__(self, machine, settings: Settings) -> None:
        self.machine, self.settings = machine, settings
        self.known = run.Known(settings)
        self.thread = threading.Thread(target=machine.within, args=("node", self._live))
        self.started = threading.Event()

    def _live(self) -> None:
        with asyncio.Runner() as runner:
            self.loop = runner.get_loop()
            runner.run(self._run())

    async def _run(self) -> None:
        self.writer = run.Writer(self.settings, self.known, Nft())
        self.stop = asyncio.Event()
        task = asyncio.ensure_future(self.writer.run())
        self.started.set()
        await self.stop.wait()
        task.cancel()

    def tell(self, change: Change, *objects: Service | EndpointSlice) -> float:
        """Seconds until the kernel has it."""
        began = time.perf_counter()

        async def told() -> None:
            for one in objects:
                hear = (
                    self.known.hear_service if isinstance(one, Service) else self.known.hear_slice
                )
                hear(change, one)
            wanted = None
            while wanted != self.writer._written or not self.writer._host:
                wanted = self.known.table() if self.known.outdated else self._all()
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(told(), self.loop).result(60)
        return time.perf_counter() - began

    def _all(self):
        return {k: v for part in self.known._parts.values() for k, v in part.items()}

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join()


@pytest.fixture
def proxy(machine, settings) -> Iterator[Proxy]:
    one = Proxy(machine, settings)
    one.thread.start()
    assert one.started.wait(10), "waited 10 s for the service proxy to start"
    wait_for(lambda: "172.31.220.0/24 dev br-test" in routes(machine), "the route to the range")
    wait_for(lambda: "dial" in rules_of(machine), "the rules")
    yield one
    one.close()
    machine.within("node", lambda: run.clean(settings))


def wait_for(holds: Callable[[], bool], what: str, limit_s: float = 10.0) -> None:
    until = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < until, f"waited {limit_s} s for {what}"
        time.sleep(0.005)


def routes(machine) -> str:
    def read() -> str:
        with IPRoute() as net:
            return "\n".join(
                f"{route.get_attr('RTA_DST')}/{route['dst_len']} dev "
                f"{net.get_links(route.get_attr('RTA_OIF'))[0].get_attr('IFLA_IFNAME')}"
                for route in net.get_routes(family=socket.AF_INET)
                if route.get_attr("RTA_DST")
            )

    return machine.within("node", read)


def rules_of(machine) -> str:
    def read() -> str:
        nft = Nft()
        try:
            return nft.run("list ruleset")
        finally:
            nft.close()

    return machine.within("node", read)


class Server:
    """Answers each connection or datagram with its name and the peer's address."""

    def __init__(self, machine, place: str, address: str, kind=socket.SOCK_STREAM, port=9080):
        self.socket = machine.socket(place, kind)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.socket.settimeout(0.1)
        self.kind, self.place = kind, place
        if kind == socket.SOCK_STREAM:
            self.socket.listen(100)
        self.closing = False
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while not self.closing:
            try:
                if self.kind == socket.SOCK_STREAM:
                    connection, peer = self.socket.accept()
                    with connection:
                        connection.sendall(f"{self.place} {peer[0]}".encode())
                else:
                    _, peer = self.socket.recvfrom(512)
                    self.socket.sendto(f"{self.place} {peer[0]}".encode(), peer)
            except TimeoutError:
                continue

    def close(self) -> None:
        self.closing = True
        self.thread.join()
        self.socket.close()


@pytest.fixture
def serve(machine):
    servers = []

    def start(*args, **kwargs):
        servers.append(Server(machine, *args, **kwargs))
        return servers[-1]

    yield start
    for one in servers:
        one.close()


def call(machine, place: str, address: str, port: int, limit_s: float = 2.0) -> str:
    with machine.socket(place) as client:
        client.settimeout(limit_s)
        client.connect((address, port))
        return client.recv(100).decode()


def ask(client: socket.socket, address: str, port: int, limit_s: float = 2.0) -> str:
    client.settimeout(limit_s)
    client.connect((address, port))
    client.send(b"who")
    return client.recv(100).decode()


def test_pods_and_the_node_reach_a_service_and_see_who_calls(machine, proxy, serve):
    serve("b", B)
    serve("b", B, socket.SOCK_DGRAM)
    web = service("web", WEB, [("TCP", 80), ("UDP", 80)])
    proxy.tell(Change.ADDED, web, slice_of(web, B))
    assert call(machine, "a", WEB, 80) == f"b {A}"  # the client's own address is kept
    assert call(machine, "node", WEB, 80) == "b 172.31.210.1"
    for place, seen in (("a", A), ("node", "172.31.210.1")):
        with machine.socket(place, socket.SOCK_DGRAM) as client:
            assert ask(client, WEB, 80) == f"b {seen}"
    assert machine.strays() == "packets 0 bytes 0"


def test_all_ready_endpoints_are_used(machine, proxy, serve):
    serve("b", B)
    serve("c", C)
    web = service("web", WEB, [("TCP", 80)])
    proxy.tell(Change.ADDED, web, slice_of(web, B, C))
    assert {call(machine, "a", WEB, 80)[0] for _ in range(40)} == {"b", "c"}


def test_a_pod_meets_itself_through_its_service(machine, proxy, serve):
    serve("a", A)
    web = service("web", WEB, [("TCP", 80)])
    proxy.tell(Change.ADDED, web, slice_of(web, A))
    assert call(machine, "a", WEB, 80) == "a 172.31.210.1"


def test_a_service_without_endpoints_refuses_at_once(machine, proxy):
    idle = service("idle", IDLE, [("TCP", 80), ("UDP", 53)])
    proxy.tell(Change.ADDED, idle)
    # Linux tells a local sender of a rejected datagram EPERM, on Kubernetes' nodes as here.
    for place, refused in (("a", ConnectionRefusedError), ("node", PermissionError)):
        began = time.monotonic()
        with pytest.raises(ConnectionRefusedError):
            call(machine, place, IDLE, 80)
        with machine.socket(place, socket.SOCK_DGRAM) as client, pytest.raises(refused):
            ask(client, IDLE, 53)
        assert time.monotonic() - began < 3, f"refused, but late, from {place}"


def test_an_address_that_another_service_took_refuses_unknown_ports(machine, proxy, serve):
    web = service("web", WEB, [("TCP", 80)])
    proxy.tell(Change.ADDED, web, slice_of(web, B))
    with pytest.raises(ConnectionRefusedError):
        call(machine, "a", WEB, 53)
    with machine.socket("a", socket.SOCK_DGRAM) as client, pytest.raises(ConnectionRefusedError):
        ask(client, WEB, 53)


def test_a_stale_address_is_met_by_silence_and_nothing_leaves_the_machine(machine, proxy, serve):
    serve("b", B)
    web = service("web", WEB, [("TCP", 80)])
    proxy.tell(Change.ADDED, web, slice_of(web, B))
    moved = service("web", STALE, [("TCP", 80)])
    proxy.tell(Change.MODIFIED, moved)
    assert call(machine, "a", STALE, 80) == f"b {A}"
    for place in ("a", "node"):
        with pytest.raises(TimeoutError):
            call(machine, place, WEB, 80, 0.4)
        with machine.socket(place, socket.SOCK_DGRAM) as client, pytest.raises(TimeoutError):
            ask(client, WEB, 53, 0.4)
        with pytest.raises(TimeoutError):
            call(machine, place, "172.31.211.7", 80, 0.4)  # a pod of a node that is not
    assert machine.strays() == "packets 0 bytes 0"


def test_pods_have_no_way_out_and_nobody_comes_in(machine, proxy, serve):
    serve("outside", "198.51.100.2")
    serve("b", B)
    web = service("web", WEB, [("TCP", 80)])
    proxy.tell(Change.ADDED, web, slice_of(web, B))
    for place in ("a", "b"):
        with pytest.raises(TimeoutError):
            call(machine, place, "198.51.100.2", 9080, 0.4)
    assert machine.strays() == "packets 0 bytes 0"
    for address, port in ((B, 9080), (WEB, 80), ("172.31.210.1", 9080)):
        with pytest.raises((TimeoutError, ConnectionRefusedError)) as found:
            call(machine, "outside", address, port, 0.4)
        assert found.type is TimeoutError
    assert call(machine, "node", "198.51.100.2", 9080).startswith("outside")  # it is alive


def test_declared_networks_outside_are_reached_behind_the_nodes_address(machine, settings, serve):
    serve("outside", "198.51.100.2")
    open_to = dataclasses.replace(settings, egress=(IPv4Network("198.51.100.2/32"),))
    one = Proxy(machine, open_to)
    one.thread.start()
    wait_for(lambda: "eth0=0" in rules_of(machine), "the note of what forwarding was")
    try:
        assert call(machine, "a", "198.51.100.2", 9080) == "outside 198.51.100.1"
    finally:
        one.close()
    machine.within("node", lambda: run.clean(open_to))
    forwarding = Path("/proc/sys/net/ipv4/conf/eth0/forwarding")
    assert machine.within("node", forwarding.read_text).strip() == "0"


def test_udp_does_not_stick_to_an_endpoint_that_went(machine, proxy, serve):
    serve("b", B, socket.SOCK_DGRAM)
    serve("c", C, socket.SOCK_DGRAM)
    dns = service("dns", DNS, [("UDP", 53)])
    proxy.tell(Change.ADDED, dns, slice_of(dns, B))
    with machine.socket("a", socket.SOCK_DGRAM) as client:
        assert ask(client, DNS, 53) == f"b {A}"
        proxy.tell(Change.MODIFIED, slice_of(dns, C))
        assert ask(client, DNS, 53) == f"c {A}"  # the same socket, the same conntrack entry
        proxy.tell(Change.MODIFIED, slice_of(dns))
        with pytest.raises(ConnectionRefusedError):
            ask(client, DNS, 53)
        proxy.tell(Change.DELETED, dns)
        with pytest.raises(TimeoutError):
            ask(client, DNS, 53, 0.4)


def test_a_client_stays_with_its_endpoint_when_affinity_is_asked(machine, proxy, serve):
    serve("b", B)
    serve("c", C)
    web = service("web", WEB, [("TCP", 80)], sessionAffinity="ClientIP")
    proxy.tell(Change.ADDED, web, slice_of(web, B, C))
    first = call(machine, "a", WEB, 80)[0]
    assert {call(machine, "a", WEB, 80)[0] for _ in range(20)} == {first}
    other = {"b": C, "c": B}[first]
    proxy.tell(Change.MODIFIED, slice_of(web, other))
    assert call(machine, "a", WEB, 80)[0] != first
    proxy.tell(Change.MODIFIED, slice_of(web, B, C))
    assert {call(machine, "a", WEB, 80)[0] for _ in range(20)} == {"b", "c"} - {first}


def test_one_endpoint_changes_among_a_thousand_services(machine, proxy, serve):
    serve("b", B)
    many = [
        service(f"s{number}", f"172.31.220.{number % 250 + 1}", [("TCP", 1000 + number)])
        for number in range(1000)
    ]
    proxy.tell(Change.ADDED, *many, *(slice_of(one, B, C) for one in many))
    for number in range(0, 500, 25):
        proxy.tell(Change.MODIFIED, slice_of(many[number], B))
    assert call(machine, "a", "172.31.220.1", 1000) == f"b {A}"


def test_clean_leaves_nothing(machine, settings):
    before = rules_of(machine), routes(machine)
    one = Proxy(machine, settings)
    one.thread.start()
    wait_for(lambda: "172.31.220.0/24 dev br-test" in routes(machine), "the route to the range")
    one.close()
    assert "telltale-test" in rules_of(machine)  # the rules outlive the process
    machine.within("node", lambda: run.clean(settings))
    assert (rules_of(machine), routes(machine)) == before
    machine.within("node", lambda: run.clean(settings))  # and again, with nothing there


def test_a_flushed_ruleset_comes_back(machine, proxy, serve, monkeypatch):
    monkeypatch.setattr(run, "_LOOK_AGAIN_S", 0.05)
    serve("b", B)
    web = service("web", WEB, [("TCP", 80)])
    proxy.tell(Change.ADDED, web, slice_of(web, B))
    nft = Nft()
    machine.within("node", lambda: nft.run("flush ruleset"))
    wait_for(lambda: WEB in rules_of(machine), "the rules to come back")
    assert call(machine, "a", WEB, 80) == f"b {A}"
