"""Requests over a real connection, on loopback."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from telltale.kube.errors import Gone, Unavailable
from telltale.kube.transport import Http, Request, Server

Story = Callable[[str], Awaitable[None]]


def beside(respond: Callable[[web.Request], Awaitable[web.StreamResponse]], story: Story) -> None:
    """Runs a story beside a server, given its URL."""

    async def both() -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", respond)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            async with asyncio.timeout(10):
                await story(f"http://127.0.0.1:{runner.addresses[0][1]}")
        finally:
            await runner.cleanup()

    asyncio.run(both())


def test_a_token_that_is_renewed_in_place_is_the_one_that_is_sent(tmp_path: Path):
    token = tmp_path / "token"
    seen = []

    async def respond(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        return web.json_response({})

    async def story(url: str) -> None:
        async with Http(Server(url, token_file=str(token))) as http:
            for value in ("old", "new\n"):
                token.write_text(value)
                await http.send(Request("GET", "/"))

    beside(respond, story)
    assert seen == ["Bearer old", "Bearer new"]


def test_a_request_arrives_as_it_was_meant():
    async def respond(request: web.Request) -> web.Response:
        assert (request.method, request.path) == ("PATCH", "/api/v1/pods")
        assert dict(request.query) == {"labelSelector": "app in (a,b)"}
        assert request.content_type == "application/merge-patch+json"
        return web.Response(status=409, body=await request.read())

    async def story(url: str) -> None:
        async with Http(Server(url)) as http:
            request = Request(
                "PATCH", "/api/v1/pods", {"labelSelector": "app in (a,b)"}, b"{}",
                "application/merge-patch+json",
            )  # fmt: skip
            answer = await http.send(request)
        assert (answer.code, answer.body) == (409, b"{}"), "what it means is not ours to say"

    beside(respond, story)


def test_lines_are_whole_however_they_were_cut():
    async def respond(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for part in (b'{"a"', b": 1}\n{", b'"b": 2}\n\n{"c"', b": 3}"):
            await answer.write(part)
        return answer

    async def story(url: str) -> None:
        async with Http(Server(url)) as http:
            lines = [line async for line in http.lines(Request("GET", "/"))]
        assert lines == [b'{"a": 1}', b'{"b": 2}', b"", b'{"c": 3}']

    beside(respond, story)


def test_a_stream_that_is_refused_is_an_error():
    async def respond(_: web.Request) -> web.Response:
        return web.json_response({"message": "too old"}, status=410)

    async def story(url: str) -> None:
        async with Http(Server(url)) as http:
            with pytest.raises(Gone, match="too old"):
                [line async for line in http.lines(Request("GET", "/"))]

    beside(respond, story)


def test_nobody_there_is_said_with_the_address():
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with Http(Server(url)) as http:
            with pytest.raises(Unavailable, match=f"cannot reach the API server {url}"):
                await http.send(Request("GET", "/"))
            with pytest.raises(Unavailable, match=f"cannot reach the API server {url}"):
                [line async for line in http.lines(Request("GET", "/"))]

    asyncio.run(story())


def test_a_server_that_never_answers_is_not_waited_for():
    async def respond(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def story(url: str) -> None:
        async with Http(Server(url), timeout_s=0.05) as http:
            with pytest.raises(Unavailable, match="cannot reach"):
                await http.send(Request("GET", "/"))

    beside(respond, story)
