"""Node ports: a Service of type NodePort or LoadBalancer is reached on loopback of this machine.

As kube-proxy with `--nodeport-addresses 127.0.0.0/8`, for nothing of a cluster may be reached from
elsewhere. A LoadBalancer is heard on its own ports too, as far as they are free. Bytes are carried
to the ClusterIP, whose rules choose the endpoint; who asked is not kept (externalTrafficPolicy
Cluster). Never: UDP, or an address other than loopback.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from telltale.kube.service import Service

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
EXPOSED = ("NodePort", "LoadBalancer")
CONNECTIONS_MAX = 1000  # at once, on one port
_CHUNK = 1 << 16
_CONNECT_S = 5.0


def wanted(services: Iterable[Service]) -> dict[int, tuple[str, int]]:
    """From each port to where it leads: node ports first, then the eldest LoadBalancer's own."""
    exposed = [
        one for one in services
        if one.spec.type in EXPOSED and one.spec.cluster_ip not in ("", "None")
    ]  # fmt: skip
    exposed.sort(key=lambda one: one.metadata.creation_timestamp or "")
    ports = [(one, port) for one in exposed for port in one.spec.ports if port.protocol == "TCP"]
    found = {
        port.node_port: (service.spec.cluster_ip, port.port)
        for service, port in ports if port.node_port
    }  # fmt: skip
    for service, port in ports:
        if service.spec.type == "LoadBalancer" and not service.spec.load_balancer_class:
            found.setdefault(port.port, (service.spec.cluster_ip, port.port))
    return found


@dataclass
class Listeners:
    """What is listened on; `follow` brings it to what is wanted."""

    host: str = HOST
    _open: dict[int, "_Port"] = field(default_factory=dict)
    _refused: set[int] = field(default_factory=set)

    async def follow(self, ports: Mapping[int, tuple[str, int]]) -> None:
        """A port that is taken is told once, and tried again each time."""
        for number in [one for one in self._open if one not in ports]:
            await self._open.pop(number).close()
        self._refused &= ports.keys()
        for number, target in sorted(ports.items()):
            if number in self._open:
                self._open[number].target = target
            else:
                await self._listen(number, target)

    async def close(self) -> None:
        await self.follow({})

    async def _listen(self, number: int, target: tuple[str, int]) -> None:
        port = _Port(target)
        try:
            port.server = await asyncio.start_server(port.carry, self.host, number)
        except OSError as error:
            if number not in self._refused:
                log.warning("port %d of the node leads nowhere: %s", number, error.strerror)
            self._refused.add(number)
        else:
            self._refused.discard(number)
            self._open[number] = port


@dataclass
class _Port:
    """One port, and the connections that came in by it. A new target is for new ones."""

    target: tuple[str, int]
    server: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= CONNECTIONS_MAX:
            await _end(writer, at_once=True)
            return
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await _carry(self.target, reader, writer)

    async def close(self) -> None:
        if self.server:
            self.server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _carry(
    target: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Both ways until both sides have ended; a side that fails takes the other along."""
    try:
        async with asyncio.timeout(_CONNECT_S):
            inner_reader, inner_writer = await asyncio.open_connection(*target)
    except OSError:  # a TimeoutError is one too
        await _end(writer, at_once=True)
        return
    broken = True
    try:
        async with asyncio.TaskGroup() as ways:
            ways.create_task(_pump(reader, inner_writer))
            ways.create_task(_pump(inner_reader, writer))
        broken = False
    except* OSError:
        pass
    finally:
        await _end(writer, at_once=broken)
        await _end(inner_writer, at_once=broken)


async def _end(writer: asyncio.StreamWriter, *, at_once: bool) -> None:
    """Close a side; what is written to it is still sent, unless the other side broke."""
    if at_once:
        writer.transport.abort()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    await writer.drain()
