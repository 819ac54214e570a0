"""A command in a container, against a WebSocket server that says what an API server says."""

import asyncio

import pytest
from aiohttp import web

from telltale.kube import codec, errors, exec
from telltale.kube.exec import Ended, Place
from telltale.kube.transport import Server

PLACE = Place("shop", "front", "istio-proxy")
SUCCESS = b'\x03{"status":"Success"}'


def result(**status: object) -> bytes:
    return b"\x03" + codec.encode({"status": "Failure", **status})


def ran(*messages: bytes, status: int = 101, asked: list | None = None) -> Ended:
    async def answer(request: web.Request) -> web.StreamResponse:
        if asked is not None:
            asked.append(request)
        if status != 101:
            return web.Response(status=status)
        socket = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
        await socket.prepare(request)
        for one in messages:
            await socket.send_bytes(one)
        await socket.close()
        return socket

    async def story() -> Ended:
        app = web.Application()
        app.router.add_get("/api/v1/namespaces/shop/pods/front/exec", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            [(host, port)] = runner.addresses
            server = Server(f"http://{host}:{port}", token="secret")
            return await exec.run(server, PLACE, ("say", "a b"))
        finally:
            await runner.cleanup()

    return asyncio.run(story())


def test_what_it_said_comes_back_by_channel():
    asked: list[web.Request] = []
    found = ran(b"\x01on", b"\x02bad", b"\x01e\n", b"\x01", SUCCESS, asked=asked)
    assert found == Ended(b"one\n", "bad", 0)
    [request] = asked
    assert request.query.getall("command") == ["say", "a b"]
    assert request.query["container"] == "istio-proxy"
    assert request.headers["Authorization"] == "Bearer secret"


def test_its_exit_code_is_told():
    causes = {"causes": [{"reason": "ExitCode", "message": "7"}]}
    assert ran(result(reason="NonZeroExitCode", details=causes)) == Ended(b"", "", 7)


def test_what_kept_it_from_running_is_raised():
    with pytest.raises(errors.NotFound, match="container is gone"):
        ran(result(code=404, message="container is gone"))
    with pytest.raises(errors.Forbidden, match="say in shop/front: the API server answered 403"):
        ran(status=403)


def test_a_connection_that_breaks_is_no_success():
    with pytest.raises(errors.Unavailable, match="broke"):
        ran(b"\x01half")
    with pytest.raises(errors.Unavailable, match="cannot be read"):
        ran(b"\x03{")


def test_nobody_there_is_unavailable():
    async def story() -> None:
        with pytest.raises(errors.Unavailable, match="cannot run say in shop/front"):
            await exec.run(Server("http://127.0.0.1:1"), PLACE, ("say",))

    asyncio.run(story())
