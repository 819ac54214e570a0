"""Every protocol through two real sidecars: gRPC, HTTP/2, WebSocket, TLS by SNI, bytes, and ports
that do not say what they speak.
"""

import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live import talk
from tests.live.cluster import INGRESS, LiveCluster
from tests.live.talk import Caller, applied, eventually, istio, port
from tests.pilot.certificates import pair

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE = "protocols"
HOST = f"talk.{SPACE}.svc.cluster.local"
CERTIFICATES = {version: pair(HOST) for version in ("v1", "v2")}
SUBSETS = istio(
    "DestinationRule", SPACE, "talk", host="talk",
    subsets=[{"name": one, "labels": {"version": one}} for one in ("v1", "v2")],
)  # fmt: skip
PORTS = (
    port("http", 80, 8080), port("grpc-calls", 50051, 50051), port("http2-calls", 50052, 50051),
    port("said", 50053, 50051, appProtocol="kubernetes.io/h2c"), port("tls-own", 8443, 8443),
    port("tcp-lines", 9000, 9000), port("tcp-first", 7000, 7000), port("unsaid", 9999, 9999),
)  # fmt: skip


@pytest.fixture(scope="module")
def calls(cluster: LiveCluster) -> Iterator[Caller]:
    """Two versions of one service and a client, all with sidecars."""
    pods = [
        talk.talker(SPACE, one, secret=one, app="talk", version=one) for one in CERTIFICATES
    ]
    services = [
        talk.service(SPACE, "talk", {"app": "talk"}, *PORTS),
        talk.service(SPACE, "peers", {"app": "talk"}, port("http", 8080, 8080),
                     port("tcp-lines", 9000, 9000), clusterIP="None"),
        talk.service(SPACE, "alias", {}, port("http", 80, 80), type="ExternalName",
                     externalName=HOST),
    ]  # fmt: skip
    secrets = [
        talk.secret(SPACE, name, of, ca_crt=of.chain) for name, of in CERTIFICATES.items()
    ]
    with talk.spaces(cluster, *talk.space(SPACE), *secrets, *pods, talk.caller(SPACE), *services,
                     SUBSETS):  # fmt: skip
        yield Caller(cluster, SPACE)


def routes(**lists: list[talk.Spec]) -> talk.Spec:
    return istio("VirtualService", SPACE, "talk", hosts=["talk"], **lists)


def to(subset: str, **more: object) -> talk.Spec:
    return {"destination": {"host": "talk", "subset": subset}, **more}


def test_calls_over_one_channel_are_spread_over_the_pods(calls: Caller) -> None:
    method = "/shop.Cart/Get"
    found = calls.ask("grpc", "talk:50051", method, 100)
    assert found.keys() == {f"v1 {method}", f"v2 {method}"}
    assert sum(found.values()) == 100
    assert min(found.values()) >= 20, "a connection is not bound to one pod"


@pytest.mark.parametrize("number", [50052, 50053, 9999], ids=["by-name", "app-protocol", "seen"])
def test_http2_without_tls_is_carried_as_such(calls: Caller, number: int) -> None:
    found = calls.ask("grpc", f"talk:{number}", "/shop.Cart/Get", 20)
    assert {one.partition(" ")[2] for one in found} == {"/shop.Cart/Get"}


def test_grpc_is_routed_by_method_and_tried_again_on_its_status(calls: Caller) -> None:
    def rule(prefix: str, subset: str, **more: object) -> talk.Spec:
        return {"match": [{"uri": {"prefix": prefix}}], "route": [to(subset)], **more}

    again = {"attempts": 4, "retryOn": "unavailable", "perTryTimeout": "5s"}
    table = routes(http=[
        rule("/shop.Cart/Put", "v2"), rule("/shop.Cart/", "v1"),
        rule("/shop.Flaky/Never", "v1", retries={"attempts": 0}),
        rule("/shop.Flaky/", "v1", retries=again),
    ])  # fmt: skip
    with applied(calls.cluster, table):
        put, get = "/shop.Cart/Put", "/shop.Cart/Get"
        eventually(lambda: calls.ask("grpc", "talk:50051", put, 10),
                   lambda found: found == {f"v2 {put}": 10}, "the route by method")  # fmt: skip
        assert calls.ask("grpc", "talk:50051", get, 10) == {f"v1 {get}": 10}
        flaky = "/shop.Flaky/Try"
        found = calls.ask("grpc", "talk:50051", flaky, 1, "", 4)
        assert found == {f"v1 {flaky} 5": 1}, "answered at the fifth try, which the server counted"
        assert calls.ask("grpc", "talk:50051", "/shop.Flaky/Never", 1, "", 1) == {"UNAVAILABLE": 1}


def test_a_port_that_does_not_say_what_it_speaks_is_read(calls: Caller) -> None:
    status, body = calls.curl("http://talk:9999/x")
    assert (status, body["path"]) == (200, "/x")
    assert "x-request-id" in body["headers"], "it was read as a request"
    found = calls.ask("lines", "talk", 9999, 20)
    assert found.keys() == {"v1", "v2"}


def test_a_server_that_speaks_first_is_heard_on_a_declared_port(calls: Caller) -> None:
    assert calls.ask("lines", "talk", 7000, 4, "first").keys() <= {"v1", "v2"}


def test_connections_are_split_by_weight(calls: Caller) -> None:
    count, part = 400, 0.2
    shares = [{"route": [to("v1", weight=80), to("v2", weight=20)],
               "match": [{"port": 9000}]}]  # fmt: skip
    with applied(calls.cluster, routes(tcp=[{"route": [to("v1")]}])):
        eventually(lambda: calls.ask("lines", "talk", 9000, 10),
                   lambda found: found == {"v1": 10}, "all connections to go to v1")  # fmt: skip
        talk.apply(calls.cluster, routes(tcp=shares))
        eventually(lambda: calls.ask("lines", "talk", 9000, 20),
                   lambda found: "v2" in found, "some connections to go to v2")  # fmt: skip
        found = calls.ask("lines", "talk", 9000, count)
    assert sum(found.values()) == found["v1"] + found["v2"] == count
    spread = 3 * math.sqrt(count * part * (1 - part))
    assert abs(found["v2"] - count * part) <= spread, found


def test_tls_goes_unopened_to_the_version_that_its_name_is_routed_to(calls: Caller) -> None:
    def shown() -> str:
        told = calls.ask("tls", "talk", 8443, HOST)
        assert told["scheme"] == "https", "TLS ends at the server"
        assert told["shown"].encode() == CERTIFICATES[told["who"]].chain
        return told["who"]

    for version in ("v2", "v1"):
        rule = {"match": [{"port": 8443, "sniHosts": [HOST]}], "route": [to(version)]}
        table = istio("VirtualService", SPACE, "talk", hosts=[HOST], tls=[rule])
        with applied(calls.cluster, table):
            for _ in range(4):  # in a row
                eventually(shown, lambda who: who == version, f"TLS to go to {version}")  # noqa: B023


def test_headless_services_and_other_names(calls: Caller) -> None:
    assert calls.curl("http://peers:8080/")[0] == 200
    assert calls.ask("lines", "peers", 9000, 20).keys() <= {"v1", "v2"}
    address = calls.cluster.pod_address("v2", SPACE)
    assert calls.ask("lines", address, 9000, 5) == {"v2": 5}
    with applied(calls.cluster, routes(http=[{"route": [to("v2")]}])):
        eventually(lambda: {calls.curl("http://alias/")[1]["who"] for _ in range(4)},
                   lambda found: found == {"v2"}, "the other name to be routed too")  # fmt: skip


@contextmanager
def web_socket(calls: Caller, url: str) -> Iterator["subprocess.Popen[str]"]:
    """One that is held open from inside the client's pod."""
    command = ["kubectl", "--kubeconfig", str(calls.cluster.home / "kubeconfig"), "exec", "-i",
               "-n", SPACE, "deployment/caller", "-c", "app", "--",
               sys.executable, "/srv/caller.py", "ws", url]  # fmt: skip
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: "subprocess.Popen[str]", line: str) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n")
    return process.stdout.readline().strip()


def test_a_web_socket_outlives_new_routes(calls: Caller) -> None:
    """Through the sidecars; its own route is changed while it is open."""
    with applied(calls.cluster, routes(http=[{"route": [to("v1")]}])):
        eventually(lambda: calls.curl("http://talk/")[1]["who"], lambda who: who == "v1",
                   "the route to v1")  # fmt: skip
        with web_socket(calls, "ws://talk/ws") as link:
            assert said(link, "one") == "v1: one"
            talk.apply(calls.cluster, routes(http=[{"route": [to("v2")]}]))
            eventually(lambda: {calls.curl("http://talk/")[1]["who"] for _ in range(3)},
                       lambda found: found == {"v2"}, "the route to v2")  # fmt: skip
            assert said(link, "two") == "v1: two", "the open one stays where it is"


def test_a_web_socket_comes_in_by_the_gateway(calls: Caller) -> None:
    door = istio("Gateway", SPACE, "talk", selector={"istio": "ingressgateway"}, servers=[
        {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["talk.example"]}])
    table = istio("VirtualService", SPACE, "door", hosts=["talk.example"], gateways=["talk"],
                  http=[{"route": [to("v2")]}])  # fmt: skip
    with applied(calls.cluster, door, table):
        eventually(lambda: ws_at_the_gateway(), lambda told: told == "v2: hello",
                   "the WebSocket through the gateway")  # fmt: skip


def ws_at_the_gateway() -> str:
    program = (
        "import asyncio, aiohttp\n"
        "async def main():\n"
        "  async with aiohttp.ClientSession() as s, s.ws_connect("
        f"'ws://127.0.0.1:{INGRESS}/ws', headers={{'Host': 'talk.example'}}) as link:\n"
        "    await link.send_str('hello'); print((await link.receive(5)).data)\n"
        "asyncio.run(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout.strip() or done.stderr[-200:]
