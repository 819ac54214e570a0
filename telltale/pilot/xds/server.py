"""The gRPC shell of ADS: bytes in, the machine, bytes out. No rule of the protocol lives here.

Never: mesh or Kubernetes words. Responses are joined from bytes that are made already, so gRPC's
serializer is the identity. A client that does not read holds up nobody but itself.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeAlias

import grpc
import grpc.aio
from envoy.config.core.v3.base_pb2 import Node
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest

from telltale.lib.topic import Topic
from telltale.pilot.xds import wire
from telltale.pilot.xds.order import TYPES
from telltale.pilot.xds.resource import Resource
from telltale.pilot.xds.snapshot import Snapshot
from telltale.pilot.xds.stream import (
    Action,
    Asked,
    AskedDelta,
    Close,
    Event,
    Joined,
    Published,
    Send,
    Stream,
)  # fmt: skip

log = logging.getLogger(__name__)

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
# A response is joined for each stream: so many of more than so many bytes (WebAssembly's modules)
# are in memory at once.
LARGE, LARGE_AT_ONCE = 1 << 20, 4
SEND_TIMEOUT_S = 60  # a client that takes nothing for so long is dropped; it will come back
_OPTIONS = (
    ("grpc.max_receive_message_length", 4 << 20),
    ("grpc.max_send_message_length", -1),
    # Without these gRPC refuses streams at random when more than a thousand connect at once.
    ("grpc.server.max_pending_requests", 100_000),
    ("grpc.server.max_pending_requests_hard_limit", 200_000),
    ("grpc.max_concurrent_streams", 100_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 15_000),
    ("grpc.so_reuseport", 0),
)

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


@dataclass(frozen=True, slots=True)
class Ended:
    """The server ends a stream; the client is to come back."""

    reason: str


Offer: TypeAlias = Topic[Snapshot | Ended | None]
Single: TypeAlias = Topic[Resource | Ended | None]


class Refused(Exception):
    """This client is not served; the message says why and what would be right."""


class Denied(Refused):
    """This client may not ask for this."""


class _End(Exception):
    """A stream ends here, with this code."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Source(Protocol):
    """What the shell asks of the rest. `join`, `follow` and `aside` may raise `Refused`."""

    @property
    def ready(self) -> bool: ...
    @property
    def identity(self) -> str:
        """What each response says of who made it."""
        ...

    def aside(self, type: str, names: tuple[str, ...], peer: str) -> tuple[Resource, ...] | None:
        """A type that is answered once and never followed; None when it is no such type."""
        ...

    def follow(self, type: str, node: Node, peer: str) -> Single | None:
        """A type of one resource that is followed beside all else, and whose follower is no
        connection; None when it is no such type."""
        ...

    def unfollow(self, told: Single) -> None: ...

    def join(self, stream: Stream, node: Node, peer: str) -> tuple[str, Offer]:
        """A connection begins: its id, and where its snapshots appear."""
        ...

    def note(self, connection: str, action: Action, size: int) -> None:
        """An action was done; `size` is that of the response in bytes."""
        ...

    def leave(self, connection: str) -> None: ...


async def serve(source: Source, address: str) -> grpc.aio.Server:
    """A started server. Raises OSError when the address cannot be bound."""
    server = grpc.aio.server(options=_OPTIONS)
    methods = {
        "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(
            _method(source, _read_whole)
        ),
        "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(
            _method(source, _read_delta)
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    try:
        if server.add_insecure_port(address) == 0:
            raise OSError(f"cannot listen on {address}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {address}: is the port taken?") from error
    await server.start()
    return server


Reader = Callable[[bytes], tuple[Event, Node]]
_Response = Callable[[str, str, str, tuple[Resource, ...]], bytes]


def _method(
    source: Source, read: Reader
) -> Callable[[AsyncIterator[bytes], Context], Awaitable[None]]:
    count = 0
    gate = asyncio.Semaphore(LARGE_AT_ONCE)

    async def method(requests: AsyncIterator[bytes], context: Context) -> None:
        nonlocal count
        if not source.ready:
            await context.abort(
                grpc.StatusCode.UNAVAILABLE, "server is not ready to serve discovery information"
            )
        count += 1
        await _Conversation(source, read, context, gate, Stream(f"{count}.")).hold(requests)

    return method


@dataclass
class _Conversation:
    """One stream from its first request to its end."""

    source: Source
    read: Reader
    context: Context
    gate: asyncio.Semaphore
    stream: Stream
    connection: str = ""
    node: Node = field(default_factory=Node)  # as the first request said it
    followed: dict[str, Single] = field(default_factory=dict)

    async def hold(self, requests: AsyncIterator[bytes]) -> None:
        # One event at a time goes through the machine and out, whoever brings it.
        self._turn = asyncio.Lock()
        try:
            async with asyncio.TaskGroup() as group:
                followers = []
                async for request in requests:
                    event, node = self.read(request)
                    if node.id and not self.node.id:
                        self.node = node
                    if work := self._beside(event):
                        followers.append(group.create_task(work))
                    if self._is_followed(event) or await self._aside(event):
                        continue
                    offer = await self._feed(event, node)
                    if offer:
                        followers.append(group.create_task(self._follow(offer)))
                for follower in followers:
                    follower.cancel()
        except* _End as ends:
            self._end(ends)
        except* TimeoutError:
            log.warning("%s takes nothing for %d s: dropped", self.connection, SEND_TIMEOUT_S)
            self.context.set_code(grpc.StatusCode.DEADLINE_EXCEEDED)
        except* grpc.aio.UsageError:
            pass  # the client went away while a response was being written
        finally:
            if self.connection:
                self.source.leave(self.connection)
            for told in self.followed.values():
                self.source.unfollow(told)

    def _is_followed(self, event: Event) -> bool:
        return isinstance(event, Asked | AskedDelta) and event.type in self.followed

    def _beside(self, event: Event) -> Coroutine[None, None, None] | None:
        """What is to be done for a type that is followed from now on."""
        if not isinstance(event, Asked | AskedDelta) or event.type in (*TYPES, *self.followed):
            return None
        try:
            told = self.source.follow(event.type, self.node, self.context.peer())
        except Refused as error:
            raise _End(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        if told is None:
            return None
        self.followed[event.type] = told
        if isinstance(event, AskedDelta):
            return self._tell(event.type, told, partial(wire.delta_response, removed=()))
        return self._tell(event.type, told, wire.response)

    async def _tell(self, type: str, told: Single, response: _Response) -> None:
        """Its acknowledgements say nothing: there is no other resource to go on with."""
        version = -1
        while True:
            version, news = await told.after(version)
            match news:
                case Resource():
                    body = response(type, news.version, str(version), (news,))
                    async with self._turn, asyncio.timeout(SEND_TIMEOUT_S):
                        await self.context.write(body)
                case Ended(reason):
                    raise _End(grpc.StatusCode.UNAVAILABLE, reason)

    async def _aside(self, event: Event) -> bool:
        """Whether the event was about no configuration; its acknowledgement says nothing."""
        if not isinstance(event, Asked) or event.type in TYPES:
            return False
        try:
            found = self.source.aside(event.type, event.names, self.context.peer())
        except Denied as error:
            raise _End(grpc.StatusCode.PERMISSION_DENIED, str(error)) from error
        except Refused as error:
            raise _End(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        if found is None or event.nonce:
            return found is not None
        async with self._turn, asyncio.timeout(SEND_TIMEOUT_S):
            await self.context.write(
                wire.response(event.type, "", "aside", found, plane=self.source.identity)
            )
        return True

    def _end(self, ends: BaseExceptionGroup[_End]) -> None:
        end = ends.exceptions[0]
        assert isinstance(end, _End)
        self.context.set_code(end.code)
        self.context.set_details(str(end))

    async def _follow(self, offer: Offer) -> None:
        version = -1
        while True:
            version, news = await offer.after(version)
            match news:
                case Snapshot():
                    await self._feed(Published(news), None)
                case Ended(reason):
                    raise _End(grpc.StatusCode.UNAVAILABLE, reason)

    async def _feed(self, event: Event, node: Node | None) -> Offer | None:
        offer = None
        async with self._turn:
            for action in self.stream.receive(event):
                size = 0
                match action:
                    case Joined():
                        offer = self._join(node)
                    case Send():
                        size = await self._send(action)
                    case Close(reason):
                        raise _End(grpc.StatusCode.INVALID_ARGUMENT, reason)
                if self.connection:
                    self.source.note(self.connection, action, size)
        return offer

    async def _send(self, send: Send) -> int:
        """How large it was."""
        large = sum(len(one.any) for one in send.resources) > LARGE
        async with self.gate if large else nullcontext():
            body = _bytes(send, self.source.identity)
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self.context.write(body)
        return len(body)

    def _join(self, node: Node | None) -> Offer:
        assert node is not None
        try:
            self.connection, offer = self.source.join(self.stream, node, self.context.peer())
        except Refused as error:
            raise _End(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        return offer


def _bytes(send: Send, plane: str) -> bytes:
    if send.delta:
        return wire.delta_response(
            send.type, send.version, send.nonce, send.resources, send.removed, plane=plane
        )
    return wire.response(send.type, send.version, send.nonce, send.resources, plane=plane)


def _read_whole(body: bytes) -> tuple[Event, Node]:
    request = DiscoveryRequest.FromString(body)
    return Asked(
        request.type_url, tuple(request.resource_names), request.response_nonce,
        request.error_detail.message if request.HasField("error_detail") else None,
        request.node.id,
    ), request.node  # fmt: skip


def _read_delta(body: bytes) -> tuple[Event, Node]:
    request = DeltaDiscoveryRequest.FromString(body)
    return AskedDelta(
        request.type_url, tuple(request.resource_names_subscribe),
        tuple(request.resource_names_unsubscribe), dict(request.initial_resource_versions),
        request.response_nonce,
        request.error_detail.message if request.HasField("error_detail") else None,
        request.node.id,
    ), request.node  # fmt: skip
