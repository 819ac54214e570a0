"""Each way in which the way to the pilot can end, with real sockets on loopback."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest

from telltale.agent import walk as walking
from telltale.agent.h2 import SETTINGS, Frame, pack
from telltale.agent.resolv_conf import ResolvConf
from telltale.agent.settings import Target
from telltale.agent.stage import Stage, Walked
from telltale.agent.walk import walk

Meet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def visit(meet: Meet) -> tuple[Walked, int]:
    async def run() -> tuple[Walked, int]:
        over = asyncio.Event()

        async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await meet(reader, writer)
                writer.close()
                await writer.wait_closed()
            except ConnectionError:
                pass
            over.set()

        server = await asyncio.start_server(met, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            walked = await walk(Target("127.0.0.1", port), ResolvConf())
            await over.wait()
            return walked, port

    return asyncio.run(run())


async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(pack(Frame(SETTINGS, 0, 0, b"")))
    await reader.read()


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)


async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    linger = struct.pack("ii", 1, 0)  # close with RST
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def test_all_the_way():
    walked, port = visit(speaks)
    assert walked == Walked(Stage.SUBSCRIBE, None, None, f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    "meet, said",
    [
        (web, "which does not speak HTTP/2: b'HTTP/1.1 400 Bad Request"),
        (leaves, "which closed the connection after 0 bytes"),
        (breaks_off, "which broke off: connection reset by peer"),
        (silent, "which says nothing within 0.2 s"),
    ],
)
def test_somebody_is_there_who_is_no_pilot(monkeypatch, meet, said):
    monkeypatch.setattr(walking, "STEP_S", 0.2)
    walked, port = visit(meet)
    assert walked.stage is Stage.SUBSCRIBE
    assert str(walked.error).replace("to 127.0.0.1:", "to :").startswith(f"connected to :{port}, ")
    assert said in str(walked.error)


def test_nobody_is_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    walked = asyncio.run(walk(Target("127.0.0.1", port), ResolvConf()))
    said = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert walked == Walked(Stage.DIAL, said, None, f"127.0.0.1:{port}")


def test_a_port_that_swallows_times_out(monkeypatch):
    monkeypatch.setattr(walking, "STEP_S", 0.2)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for one in fillers:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        walked = asyncio.run(walk(Target("127.0.0.1", port), ResolvConf()))
        for one in fillers:
            one.close()
    assert (walked.stage, walked.error) == (Stage.DIAL, f"dial tcp 127.0.0.1:{port}: i/o timeout")
