"""Probes against real sockets on loopback; the sentences are what people search for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from telltale.cluster.node.commands import CommandTimedOut, Outcome
from telltale.cluster.node.probe import Probed, Result, check
from telltale.kube import codec
from telltale.kube.codec import Json
from telltale.kube.core import Container, Probe

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def no_exec(command: tuple[str, ...], timeout_s: float) -> Outcome:
    raise AssertionError("not an exec probe")


def answering(head: bytes) -> Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert b"User-Agent: kube-probe/1.32" in asked and b"Connection: close" in asked
        writer.write(head)
        await writer.drain()
        writer.close()

    return serve


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


def ask(server: Server | None, kind: str = "httpGet", **action: Json) -> tuple[Result, int]:
    async def whole() -> tuple[Result, int]:
        served = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await (server or silent)(reader, writer)
            served.set()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        if server is None:
            listening.close()
            await listening.wait_closed()
        container = codec.convert(
            Container, {"name": "c", "ports": [{"name": "http", "containerPort": port}]}
        )
        probe = codec.convert(Probe, {kind: {"port": "http", **action}})
        result = await check(probe, Probed(container, "127.0.0.1", no_exec))
        if server:
            async with asyncio.timeout(5):
                await served.wait()
        listening.close()
        return result, port

    return asyncio.run(whole())


@pytest.mark.parametrize(
    ("status", "passed", "message"),
    [
        ("200 OK", True, ""),
        ("302 Found", True, ""),
        ("503 Service Unavailable", False, "HTTP probe failed with statuscode: 503"),
        ("404 Not Found", False, "HTTP probe failed with statuscode: 404"),
    ],
)
def test_http(status: str, passed: bool, message: str) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok".encode()
    assert ask(answering(head), path="/healthz/ready")[0] == Result(passed, message)


def test_http_when_nobody_listens() -> None:
    result, port = ask(None, path="/healthz/ready")
    assert result.message == (
        f'Get "http://127.0.0.1:{port}/healthz/ready": '
        f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    )


def test_http_without_an_answer_in_time() -> None:
    result, _ = ask(silent)
    assert "context deadline exceeded" in result.message


def test_http_that_is_none() -> None:
    assert "malformed HTTP response 'SSH-2.0'" in ask(answering(b"SSH-2.0\r\n"))[0].message
    assert ask(answering(b""))[0].message.endswith(": EOF")


def test_tcp() -> None:
    assert ask(silent, "tcpSocket")[0] == Result(True)
    result, port = ask(None, "tcpSocket")
    assert result == Result(False, f"dial tcp 127.0.0.1:{port}: connect: connection refused")


def test_a_port_name_that_the_container_lacks() -> None:
    assert "invalid port number: nope" in ask(None, port="nope")[0].message


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(0, "fine"), Result(True, "fine")),
        (Outcome(1, "sick\n"), Result(False, "sick\n")),
        (None, Result(False, 'command timed out: "a b" timed out after 1s')),
    ],
)
def test_exec(outcome: Outcome | None, expected: Result) -> None:
    async def run(command: tuple[str, ...], timeout_s: float) -> Outcome:
        assert command == ("a", "b")
        if outcome is None:
            raise CommandTimedOut("late")
        return outcome

    probe = codec.convert(Probe, {"exec": {"command": ["a", "b"]}})
    assert asyncio.run(check(probe, Probed(Container(name="c"), "127.0.0.1", run))) == expected
