"""Answers the workload's questions on 127.0.0.1:15053, UDP and TCP: names of the mesh from the
table, all else by the nameservers of resolv.conf, whose answers are handed on as they are.

The redirect brings the questions; the agent's own, by user 1337, pass it by. Bounded: questions on
their way, connections, 5 s for each nameserver. Never: a cache, or an answer before a first table.
"""

import asyncio
import logging
import os
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from telltale.agent.dns import wire
from telltale.agent.dns.feed import Feed
from telltale.agent.dns.wire import NoQuestion, Question
from telltale.agent.resolv_conf import ResolvConf
from telltale.agent.resolve import PORT
from telltale.agent.stage import Standing
from telltale.lib.clock import Clock
from telltale.lib.moment import rfc3339

log = logging.getLogger(__name__)

HOSTS = ("127.0.0.1", "::1")
TTL_S = 30
UPSTREAM_S = 5.0
IDLE_S = 10.0
ON_THEIR_WAY, CONNECTIONS = 512, 64


@dataclass(frozen=True, slots=True)
class Lost:
    """Names outside the mesh are not answered: who was asked last, how it failed, since when."""

    nameserver: str
    error: str
    since: datetime


@dataclass
class Counts:
    asked: int = 0
    forwarded: int = 0
    failed: int = 0


class Proxy:
    """`lost` is None while the nameservers answer, or nobody has asked for anything of theirs."""

    def __init__(
        self, feed: Feed, conf: Callable[[], ResolvConf], clock: Clock, upstream_port: int = PORT
    ) -> None:
        self._feed = feed
        self._conf = conf
        self._clock = clock
        self._upstream_port = upstream_port
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._first = 0  # of the nameservers: the one that has answered last
        self._listening = ""
        self.lost: Lost | None = None
        self.counts = Counts()

    async def serve(self, port: int) -> None:
        """Until cancelled, on IPv6's loopback too where there is one. Raises OSError."""
        self._listening = ""
        async with asyncio.TaskGroup() as group:
            await self._listen(HOSTS[0], port, group)
            with suppress(OSError):
                await self._listen(HOSTS[1], port, group)
            self._listening = f"{HOSTS[0]}:{port}"

    async def _listen(self, host: str, port: int, group: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connection, host, port)
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self, group), local_addr=(host, port)
        )

        async def last() -> None:
            try:
                async with server:
                    await server.serve_forever()
            finally:
                transport.close()

        group.create_task(last())

    def not_ready(self) -> str | None:
        """Why the workload cannot look up names yet, in the words of Istio's agent."""
        if not self._listening:
            return "istio DNS capture is turned ON and the DNS proxy does not listen yet"
        if self._feed.names is None:
            return "istio DNS capture is turned ON and DNS lookup table is not ready yet"
        return None

    @property
    def lacking(self) -> Standing | None:
        """Where the way to the first names ends; None once they are there."""
        return self._feed.lacking

    def told(self) -> Mapping[str, object]:
        """For who asks the agent why."""
        names, lost = self._feed.names, self.lost
        return {
            "listening": self._listening or None,
            "names": names and len(names.cluster) + len(names.declared),
            "error": self._feed.error,
            "upstream": lost and {
                "nameserver": lost.nameserver, "error": lost.error, "since": rfc3339(lost.since),
            },
        }  # fmt: skip

    def table(self) -> Mapping[str, object]:
        """Every name with its addresses; empty before there is a table."""
        names = self._feed.names
        known = {**names.cluster, **names.declared} if names else {}
        return {host: [*known[host]] for host in sorted(known)}

    async def answer(self, message: bytes, *, udp: bool) -> bytes:
        """Raises NoQuestion."""
        asked = wire.read(message)
        self.counts.asked += 1
        if (known := self._known(asked, udp=udp)) is not None:
            return known
        if self._feed.names is None:
            return wire.failed(asked)  # it may be one of the mesh's: nobody else is to say
        return await self._forwarded(asked, message, udp=udp)

    def _known(self, asked: Question, *, udp: bool) -> bytes | None:
        names = self._feed.names
        if names is None or not asked.simple or asked.type not in (wire.A, wire.AAAA):
            return None
        search = self._conf().search
        found = names.find(asked.name, search[0].lower() if search else "")
        if found is None:
            return None
        wanted = [one for one in found.addresses if (":" in one) is (asked.type == wire.AAAA)]
        turn = self.counts.asked % (len(wanted) or 1)
        wanted = wanted[turn:] + wanted[:turn]  # each has its turn to be the first
        return wire.found(asked, wanted, TTL_S, alias_of=found.alias_of, udp=udp)

    async def _forwarded(self, asked: Question, message: bytes, *, udp: bool) -> bytes:
        servers = self._conf().nameservers
        self.counts.forwarded += 1
        for turn in range(len(servers)):
            number = (self._first + turn) % len(servers)
            server = servers[number]
            try:
                async with asyncio.timeout(UPSTREAM_S):
                    ask = self._by_udp if udp else self._by_tcp
                    told = await ask(server, message)
            except TimeoutError:
                failure = "i/o timeout"
            except (OSError, asyncio.IncompleteReadError) as error:
                code = getattr(error, "errno", None)
                failure = os.strerror(code).lower() if code else "connection closed"
            else:
                self._first, self.lost = number, None
                return told
            self._tell(server, failure)
        self.counts.failed += 1
        return wire.failed(asked)

    def _tell(self, server: str, error: str) -> None:
        known = self.lost
        if known is None:
            log.warning("names outside the mesh are not answered: %s:53: %s", server, error)
        self.lost = Lost(server, error, known.since if known else self._clock.now())

    async def _by_udp(self, server: str, message: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[bytes] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _OneAnswer(answered, message[:2]),
            remote_addr=(server, self._upstream_port),
        )
        try:
            transport.sendto(message)
            return await answered
        finally:
            transport.close()

    async def _by_tcp(self, server: str, message: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(server, self._upstream_port)
        try:
            writer.write(struct.pack(">H", len(message)) + message)
            await writer.drain()
            return await _framed(reader)
        finally:
            writer.close()

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with self._free:
                while True:
                    async with asyncio.timeout(IDLE_S):
                        message = await _framed(reader)
                    told = await self.answer(message, udp=False)
                    writer.write(struct.pack(">H", len(told)) + told)
                    async with asyncio.timeout(IDLE_S):
                        await writer.drain()
        except (OSError, TimeoutError, NoQuestion, asyncio.IncompleteReadError):
            pass  # the client left, went silent, or does not speak DNS
        finally:
            writer.close()


async def _framed(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack(">H", await reader.readexactly(2))
    return await reader.readexactly(length)


class _Datagrams(asyncio.DatagramProtocol):
    """Each question by itself; those that come while too many are on their way are dropped, as any
    datagram may be."""

    def __init__(self, proxy: Proxy, group: asyncio.TaskGroup) -> None:
        self._proxy = proxy
        self._group = group
        self._on_their_way = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._on_their_way < ON_THEIR_WAY:
            self._on_their_way += 1
            self._group.create_task(self._answer(data, addr))

    async def _answer(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            self._transport.sendto(await self._proxy.answer(data, udp=True), addr)
        except NoQuestion:
            pass
        finally:
            self._on_their_way -= 1


class _OneAnswer(asyncio.DatagramProtocol):
    """The first datagram with the question's id."""

    def __init__(self, answered: "asyncio.Future[bytes]", id: bytes) -> None:
        self._answered = answered
        self._id = id

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answered.done() and data[:2] == self._id:
            self._answered.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc)
