"""Server and client against each other, and against bytes that no good peer would send."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from telltale.agent import h1
from telltale.agent.h1 import Answer, HttpError, Request, Where


async def echo(request: Request) -> Answer:
    return Answer(200, f"{request.method} {request.path} {request.query}".encode())


def served(talk: Callable[[int], Awaitable[object]], respond: h1.Respond = echo) -> object:
    async def run() -> object:
        listening = h1.listen(0)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(h1.serve(listening, respond))
            try:
                return await talk(listening.getsockname()[1])
            finally:
                serving.cancel()

    return asyncio.run(run())


async def raw(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 2)
    finally:
        writer.close()


def test_question_and_answer():
    answer = served(lambda port: h1.ask(Where("127.0.0.1", port), Request("GET", "/a", "b=c"), 2))
    assert answer.body == b"GET /a b=c"


def test_two_requests_on_one_connection():
    two = b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n"
    said = served(lambda port: raw(port, two))
    assert said.index(b"GET /1") < said.index(b"GET /2") and said.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"hello\r\n\r\n", 400),
        (b"GET / SPDY/3\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413),
    ],
)
def test_what_cannot_be_read_is_refused_and_the_connection_closed(sent, status):
    assert served(lambda port: raw(port, sent)).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_head_request_gets_no_body():
    said = served(lambda port: raw(port, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n"))
    assert said.endswith(b"\r\n\r\n") and b"content-length: 7" in said


@pytest.mark.parametrize(
    "peer, loopback",
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.6", True), ("::ffff:10.0.0.1", False)],
)
def test_who_is_from_loopback(peer, loopback):
    assert Request("GET", "/", peer=peer).from_loopback is loopback


def answered(said: bytes) -> Answer:
    async def run() -> Answer:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            writer.close()

        server = await asyncio.start_server(respond, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await h1.ask(Where("127.0.0.1", port), Request("GET", "/"), 2)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "said, body",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nhi\r\n3;x=y\r\n yo\r\n0\r\n\r\n",
            b"hi yo",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_every_way_a_body_can_end(said, body):
    assert answered(said).body == body


@pytest.mark.parametrize(
    "said, error",
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not HTTP: 'SSH-2.0-OpenSSH'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", "closed after 2 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "over the limit"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad chunk size"),
        (b"", "closed after 0 bytes"),
    ],
)
def test_a_bad_answer_is_named(said, error):
    with pytest.raises(HttpError, match=error):
        answered(said)
