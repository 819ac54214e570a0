"""pods/portforward: connections to a pod's ports, as SPDY streams inside one WebSocket.

For each connection kubectl opens two streams with the same `requestid`: one for errors, one for
data. A pod that takes nothing holds back every connection of that kubectl: SPDY as spoken here has
no windows. Never: dialling; the node does, inside the pod.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field

from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import text
from telltale.cluster.api.request import Call, Reply, Socket, Upgrade
from telltale.cluster.api.subresources.door import Door
from telltale.cluster.api.subresources.spdy import (
    BadFrame,
    Codec,
    Data,
    Frame,
    GoAway,
    Opened,
    Ping,
    Reset,
)
from telltale.cluster.api.verbs.update import find
from telltale.cluster.kubelet import Kubelet
from telltale.kube import errors

log = logging.getLogger(__name__)

PROTOCOLS = ("SPDY/3.1+portforward.k8s.io",)
_CHUNK = 32 * 1024
_MOST_STREAMS = 512


class PortForward:
    def __init__(self, door: Door) -> None:
        self._door = door

    async def forward(self, core: Core, call: Call) -> Reply:
        """What can be refused is refused before the upgrade."""
        target = call.target
        pod = find(core, call).object()
        phase = text(pod, "status", "phase")
        if phase != "Running":
            raise errors.BadRequest(
                f"unable to forward port because pod is not running. Current status={phase}"
            )
        place = _Place(self._door.open(), target.namespace, target.name)

        async def run(socket: Socket, protocol: str) -> None:
            await _Tunnel(socket, place).run()

        return Upgrade(PROTOCOLS, run)


@dataclass(frozen=True, slots=True)
class _Place:
    kubelet: Kubelet
    namespace: str
    pod: str


@dataclass(eq=False)
class _Link:
    """One forwarded connection: the stream of its data, that of its errors, and the pod's end."""

    data: int
    error: int
    port: int
    arrived: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(4))
    task: asyncio.Task[None] | None = None


class _Gone(Exception):
    """kubectl hung up: every connection is closed."""


class _Tunnel:
    def __init__(self, socket: Socket, place: _Place) -> None:
        self._socket = socket
        self._place = place
        self._codec = Codec()
        self._errors: dict[str, int] = {}  # requestid: stream of its errors
        self._links: dict[int, _Link] = {}  # by the stream of its data

    async def run(self) -> None:
        """Until kubectl hangs up, or says what is not SPDY."""
        try:
            async with asyncio.TaskGroup() as group:
                while (message := await self._socket.receive()) is not None:
                    for frame in self._codec.feed(message):
                        await self._heard(frame, group)
                raise _Gone
        except* _Gone:
            log.debug("%s: port-forward ended", self._place.pod)
        except* (BadFrame, ConnectionError) as found:
            log.debug("%s: port-forward broke: %s", self._place.pod, found.exceptions)

    async def _heard(self, frame: Frame, group: asyncio.TaskGroup) -> None:
        match frame:
            case Opened():
                await self._opened(frame, group)
            case Data(stream, data, last):
                link = self._links.get(stream)
                if link is not None:
                    if data:
                        await link.arrived.put(data)
                    if last:
                        await link.arrived.put(b"")
            case Reset(stream):
                link = self._links.get(stream)
                if link is not None and link.task is not None:
                    link.task.cancel()
            case Ping(id):
                await self._socket.send(Codec.ping(id))
            case GoAway():
                raise _Gone

    async def _opened(self, frame: Opened, group: asyncio.TaskGroup) -> None:
        headers, request = frame.headers, frame.headers.get("requestid", "")
        port = headers.get("port", "")
        if not port.isdigit() or len(self._links) + len(self._errors) >= _MOST_STREAMS:
            await self._socket.send(Codec.reset(frame.stream))
        elif headers.get("streamtype") == "error":
            self._errors[request] = frame.stream
            await self._socket.send(self._codec.reply(frame.stream))
        elif headers.get("streamtype") == "data" and request in self._errors:
            link = _Link(frame.stream, self._errors.pop(request), int(port))
            self._links[link.data] = link
            await self._socket.send(self._codec.reply(frame.stream))
            link.task = group.create_task(self._forward(link))
        else:
            await self._socket.send(Codec.reset(frame.stream))

    async def _forward(self, link: _Link) -> None:
        """One connection, from its dialling to the end of both its streams."""
        place, said = self._place, ""
        try:
            reader, writer = await place.kubelet.connect(place.namespace, place.pod, link.port)
            try:
                await self._carry(link, reader, writer)
            finally:
                writer.close()
        except (errors.ApiError, OSError) as error:
            why = (isinstance(error, OSError) and error.strerror) or str(error) or "no answer"
            said = f"error forwarding port {link.port} to pod {place.pod}: {why.lower()}"
        finally:
            del self._links[link.data]
            while not link.arrived.empty():  # whoever waits to hand us more must not wait on
                link.arrived.get_nowait()
            await self._socket.send(Codec.data(link.error, said.encode(), last=True))
            await self._socket.send(Codec.data(link.data, b"", last=True))

    async def _carry(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Both ways until the pod has no more to say; kubectl's end may close first."""

        async def inwards() -> None:
            with suppress(ConnectionError):
                while data := await link.arrived.get():
                    writer.write(data)
                    await writer.drain()
                writer.write_eof()

        async with asyncio.TaskGroup() as group:
            sending = group.create_task(inwards())
            with suppress(ConnectionError):
                while data := await reader.read(_CHUNK):
                    await self._socket.send(Codec.data(link.data, data))
            sending.cancel()
