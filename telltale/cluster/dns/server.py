"""DNS on sockets: UDP and TCP. Never: an answer of its own.

Bounded: so many questions wait for upstreams, so many TCP connections are open; more are dropped.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import cast

from telltale.cluster.dns.respond import Responder
from telltale.cluster.dns.settings import Settings

log = logging.getLogger(__name__)

_WAITING_MOST = 1024
_CONNECTIONS_MOST = 256
_IDLE_S = 10.0
_BUFFER = 1 << 20


@asynccontextmanager
async def serving(settings: Settings, responder: Responder) -> AsyncIterator[int]:
    """Answers as long as the block lasts; yields the port. Raises `OSError` for a busy one."""
    async with asyncio.TaskGroup() as tasks:
        loop = asyncio.get_running_loop()
        tcp = await asyncio.start_server(
            _Connections(responder).serve, settings.listen, settings.port
        )
        port = int(tcp.sockets[0].getsockname()[1])
        udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(responder, tasks), (settings.listen, port)
        )
        try:
            async with tcp:
                yield port
        finally:
            udp.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, responder: Responder, tasks: asyncio.TaskGroup) -> None:
        self._responder = responder
        self._tasks = tasks
        self._waiting = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        answer = self._responder.respond(data, udp=True)
        if isinstance(answer, bytes):
            self._transport.sendto(answer, peer)
        elif answer is not None and self._waiting < _WAITING_MOST:
            self._waiting += 1
            self._tasks.create_task(self._later(answer, peer))

    async def _later(self, answer: Awaitable[bytes], peer: tuple[str, int]) -> None:
        try:
            self._transport.sendto(await answer, peer)
        finally:
            self._waiting -= 1


class _Connections:
    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _CONNECTIONS_MOST:
                await self._answer_all(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            pass  # the other end is done
        finally:
            self._open -= 1
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(_IDLE_S):
                length = int.from_bytes(await reader.readexactly(2), "big")
                data = await reader.readexactly(length)
            answer = self._responder.respond(data, udp=False)
            if answer is None:
                return
            sent = answer if isinstance(answer, bytes) else await answer
            writer.write(len(sent).to_bytes(2, "big") + sent)
            await writer.drain()
