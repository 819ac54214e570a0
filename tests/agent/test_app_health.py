"""The app's probes against real servers: ours for HTTP, grpcio's for gRPC."""

import asyncio
import socket
from concurrent import futures

import grpc
import pytest

from telltale.agent import h1
from telltale.agent.app_health import check
from telltale.agent.h1 import Answer, Request
from telltale.agent.probed import AppProbe, Grpc, HttpGet, TcpSocket

PATH = "/app-health/app/readyz"


def probe(one: HttpGet | TcpSocket | Grpc, timeout_s: float = 2.0) -> Answer:
    return asyncio.run(check(Request("GET", PATH), {PATH: AppProbe(one, timeout_s)}, "127.0.0.1"))


def http(path: str, **more: object) -> tuple[Answer, list[Request]]:
    seen: list[Request] = []

    async def app(request: Request) -> Answer:
        seen.append(request)
        match request.path:
            case "/sick":
                return Answer(503, b"no database\n")
            case "/moved":
                return Answer(302, headers={"location": "/well"})
            case "/away":
                return Answer(302, headers={"location": "http://elsewhere.example/"})
            case "/round":
                return Answer(302, headers={"location": "/round"})
            case "/slow":
                await asyncio.sleep(5)
        return Answer(200, b"x" * 20000)

    async def run() -> Answer:
        listening = h1.listen(0)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(h1.serve(listening, app))
            get = HttpGet(listening.getsockname()[1], path, **more)
            asked = Request("GET", PATH, headers={"user-agent": "kube-probe/1.32", "host": "x"})
            answer = await check(asked, {PATH: AppProbe(get, 0.5)}, "127.0.0.1")
            serving.cancel()
            return answer

    return asyncio.run(run()), seen


def test_status_and_body_are_the_apps_and_the_body_is_cut():
    answer, [seen] = http("/well?deep=1", headers=(("X-Key", "1"),))
    assert answer.status == 200 and len(answer.body) == 10 * 1024
    assert (seen.query, seen.headers["user-agent"]) == ("deep=1", "kube-probe/1.32")
    assert seen.headers["x-key"] == "1" and seen.headers["host"] != "x"
    assert seen.peer.endswith("127.0.0.6"), "the redirect rules leave that source alone"
    assert http("/sick")[0].status == 503 and http("/sick")[0].body == b"no database\n"


def test_redirects():
    assert [request.path for request in http("/moved")[1]] == ["/moved", "/well"]
    assert http("/away")[0].status == 200
    assert http("/round")[0].body == b"more than 10 redirects\n"


def test_a_slow_app_fails_with_its_timeout():
    answer, _ = http("/slow")
    assert answer.status == 500 and b"no answer within 0.5 s" in answer.body


def test_a_path_that_nobody_handed_over():
    answer = asyncio.run(check(Request("GET", "/app-health/x/livez"), {}, "127.0.0.1"))
    assert answer.status == 400


def test_tcp():
    with socket.create_server(("127.0.0.1", 0)) as open_port:
        number = open_port.getsockname()[1]
        assert probe(TcpSocket(number)).status == 200
    assert probe(TcpSocket(number)).status == 500


@pytest.mark.parametrize("service, status", [("", 200), ("shop.Cart", 200), ("sick", 500)])
def test_grpc(service, status):
    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        return b"\x08\x02" if b"sick" in request else b"\x08\x01"

    calls = {"Check": grpc.unary_unary_rpc_method_handler(answer)}
    generic = grpc.method_handlers_generic_handler("grpc.health.v1.Health", calls)
    server = grpc.server(futures.ThreadPoolExecutor(1), handlers=(generic,))
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        assert probe(Grpc(number, service)).status == status
    finally:
        server.stop(None).wait()


def test_grpc_of_a_server_that_does_not_know_the_service():
    server = grpc.server(futures.ThreadPoolExecutor(1))
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        assert probe(Grpc(number)).status == 500
    finally:
        server.stop(None).wait()
