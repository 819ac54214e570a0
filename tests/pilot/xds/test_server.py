"""The gRPC shell against a raw client on loopback: how streams begin and end."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import pytest
from envoy.service.discovery.v3.discovery_pb2 import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)  # fmt: skip

from telltale.lib.topic import Topic
from telltale.pilot.xds.order import CDS, EDS
from telltale.pilot.xds.resource import of_any
from telltale.pilot.xds.server import SERVICE, Denied, Ended, Refused, serve
from telltale.pilot.xds.snapshot import Snapshot, set_of
from telltale.pilot.xds.stream import Rejected

pytestmark = pytest.mark.live


def snapshot(body: bytes = b"\x0a\x01x") -> Snapshot:
    return Snapshot({CDS: set_of([of_any("a", body)])})


class Source:
    """Everybody gets the same offer."""

    def __init__(self) -> None:
        self.ready = True
        self.offer = Topic(None)
        self.offer.publish(snapshot())
        self.open = {}
        self.rejected = []
        self.joined = 0
        self.identity = "me"
        self.single = Topic(of_any("", b"\x0a\x01y"))
        self.followers = []

    def aside(self, type, names, peer):
        if type == "denied":
            raise Denied("denied is not for you")
        if type == "wrong":
            raise Refused("one name is needed")
        return (of_any("x", b"\x0a\x01y"),) if type == "aside" else None

    def follow(self, type, node, peer):
        if type != "beside":
            return None
        if node.id == "nobody":
            raise Refused("node id 'nobody': expected somebody")
        self.followers.append(node.id)
        return self.single

    def unfollow(self, told):
        self.followers.pop()

    def join(self, stream, node, peer):
        if node.id == "nobody":
            raise Refused("node id 'nobody': expected somebody")
        self.joined += 1
        self.open[str(self.joined)] = stream
        return str(self.joined), self.offer

    def note(self, connection, action, size):
        if isinstance(action, Rejected):
            self.rejected.append(action.error)

    def leave(self, connection):
        del self.open[connection]


class Calls:
    def __init__(self, channel) -> None:
        self.whole = channel.stream_stream(
            f"/{SERVICE}/StreamAggregatedResources",
            request_serializer=DiscoveryRequest.SerializeToString,
            response_deserializer=DiscoveryResponse.FromString,
        )
        self.delta = channel.stream_stream(
            f"/{SERVICE}/DeltaAggregatedResources",
            request_serializer=DeltaDiscoveryRequest.SerializeToString,
            response_deserializer=DeltaDiscoveryResponse.FromString,
        )


@asynccontextmanager
async def served(free_ports):
    [port] = free_ports(1)
    source = Source()
    server = await serve(source, f"127.0.0.1:{port}")
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield source, Calls(channel), server
    finally:
        await server.stop(0)


def first(type_url=CDS, node="me") -> DiscoveryRequest:
    request = DiscoveryRequest(type_url=type_url)
    request.node.id = node
    return request


def run(story) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(bounded())


async def code_of(call) -> tuple[grpc.StatusCode, str]:
    return await call.code(), await call.details()


def test_what_is_no_configuration_is_answered_once_and_makes_nobody_a_client(free_ports):
    async def story():
        async with served(free_ports) as (source, calls, _):
            whole = calls.whole()
            await whole.write(first("aside"))
            told = await whole.read()
            assert (told.type_url, told.control_plane.identifier) == ("aside", "me")
            assert len(told.resources) == 1
            await whole.write(DiscoveryRequest(type_url="aside", response_nonce=told.nonce))
            await whole.write(first())  # the same stream may become a client's
            assert (await whole.read()).type_url == CDS
            assert source.joined == 1
            await whole.done_writing()
            assert (await code_of(whole))[0] is grpc.StatusCode.OK
            for wrong, code in (("denied", grpc.StatusCode.PERMISSION_DENIED),
                                ("wrong", grpc.StatusCode.INVALID_ARGUMENT)):  # fmt: skip
                refused = calls.whole()
                await refused.write(first(wrong))
                assert (await code_of(refused))[0] is code
            assert source.joined == 1

    run(story)


def test_what_is_followed_beside_makes_nobody_a_client(free_ports, until):
    async def story():
        async with served(free_ports) as (source, calls, _):
            whole, delta = calls.whole(), calls.delta()
            await whole.write(first("beside"))
            ask = DeltaDiscoveryRequest(type_url="beside")
            ask.node.id = "me"
            await delta.write(ask)
            one, two = await whole.read(), await delta.read()
            assert len(one.resources) == 1 and one.type_url == "beside"
            assert [resource.name for resource in two.resources] == [""]
            await whole.write(DiscoveryRequest(type_url="beside", response_nonce=one.nonce))
            source.single.publish(of_any("", b"\x0a\x01z"))
            again = await whole.read()
            assert again.version_info != one.version_info and again.nonce != one.nonce
            assert (await delta.read()).resources[0].version == again.version_info
            assert (source.joined, source.followers) == (0, ["me", "me"])
            await delta.done_writing()
            source.single.publish(Ended("bye"))
            assert await code_of(whole) == (grpc.StatusCode.UNAVAILABLE, "bye")

            async def gone():
                return not source.followers

            await until("nobody follows", gone)
            call = calls.whole()
            await call.write(DiscoveryRequest(type_url="beside", node={"id": "nobody"}))
            assert (await code_of(call))[0] is grpc.StatusCode.INVALID_ARGUMENT

    run(story)


def test_both_variants_answer_and_follow(free_ports):
    async def story():
        async with served(free_ports) as (source, calls, _):
            whole, delta = calls.whole(), calls.delta()
            await whole.write(first())
            one = await whole.read()
            assert one.version_info == snapshot().of(CDS).version
            assert len(one.resources) == 1
            ask = DeltaDiscoveryRequest(type_url=CDS)
            ask.node.id = "me"
            await delta.write(ask)
            two = await delta.read()
            assert [resource.name for resource in two.resources] == ["a"]
            await whole.write(DiscoveryRequest(type_url=CDS, response_nonce=one.nonce))
            source.offer.publish(snapshot(b"\x0a\x01y"))
            assert (await whole.read()).version_info != one.version_info
            refusal = DiscoveryRequest(type_url=CDS, response_nonce="1.2")
            refusal.error_detail.message = "bad"
            await whole.write(refusal)
            await whole.done_writing()
            assert (await code_of(whole))[0] is grpc.StatusCode.OK  # X47
            assert source.rejected == ["bad"]

    run(story)


@pytest.mark.parametrize("request_, told", [
    (DiscoveryRequest(type_url=CDS), "node.id"),
    (first(""), "type_url"),
    (first(CDS, "nobody"), "expected somebody"),
])  # fmt: skip
def test_broken_protocol_ends_the_stream_with_the_reason(free_ports, request_, told):
    async def story():
        async with served(free_ports) as (source, calls, _):
            call = calls.whole()
            await call.write(request_)
            code, details = await code_of(call)
            assert code is grpc.StatusCode.INVALID_ARGUMENT
            assert told in details
            assert not source.open

    run(story)


def test_x62_nobody_is_served_before_the_server_is_ready(free_ports):
    async def story():
        async with served(free_ports) as (source, calls, _):
            source.ready = False
            call = calls.whole()
            code, details = await code_of(call)
            assert code is grpc.StatusCode.UNAVAILABLE
            assert "not ready to serve discovery information" in details

    run(story)


def test_x46_a_client_that_goes_away_leaves_nothing(free_ports, until):
    async def story():
        async with served(free_ports) as (source, calls, _):
            call = calls.whole()
            await call.write(first())
            await call.read()
            assert source.open
            call.cancel()

            async def left() -> bool:
                return not source.open and len(asyncio.all_tasks()) < 12

            await until("the stream to be forgotten", left)

    run(story)


def test_x48_streams_end_with_a_reason(free_ports):
    async def story():
        async with served(free_ports) as (source, calls, _):
            call = calls.whole()
            await call.write(first())
            await call.read()
            source.offer.publish(Ended("shutting down"))
            assert await code_of(call) == (grpc.StatusCode.UNAVAILABLE, "shutting down")

    run(story)


def test_x49_a_hundred_streams_of_one_node(free_ports):
    async def story():
        async with served(free_ports) as (source, calls, _):
            streams = [calls.whole() for _ in range(100)]
            for stream in streams:
                await stream.write(first())
            answers = [await stream.read() for stream in streams]
            assert len({one.nonce for one in answers}) == 100
            source.offer.publish(snapshot(b"\x0a\x01z"))
            for stream, answer in zip(streams, answers, strict=True):
                await stream.write(DiscoveryRequest(type_url=CDS, response_nonce=answer.nonce))
                assert (await stream.read()).version_info != answer.version_info

    run(story)


def test_x50_a_request_that_is_too_large_ends_its_own_stream_only(free_ports):
    async def story():
        async with served(free_ports) as (_, calls, _server):
            good, bad = calls.whole(), calls.whole()
            await good.write(first())
            await good.read()
            large = first(EDS)
            large.resource_names.append("x" * (5 << 20))
            await bad.write(large)
            assert (await code_of(bad))[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
            await good.write(DiscoveryRequest(type_url=CDS))

    run(story)


def test_x58_a_client_that_does_not_read_holds_up_nobody(free_ports):
    async def story():
        async with served(free_ports) as (source, calls, _):
            stuck, quick = calls.whole(), calls.whole()
            large = b"\x12\xff\xff\x7f" + b"x" * ((1 << 21) - 1)
            source.offer.publish(snapshot(large))
            await stuck.write(first())
            await quick.write(first())
            answer = await quick.read()
            for number in range(5):
                await quick.write(DiscoveryRequest(type_url=CDS, response_nonce=answer.nonce))
                source.offer.publish(snapshot(b"\x0a\x01" + bytes([65 + number])))
                answer = await quick.read()
            assert answer.resources[0].type_url == "E"
            watch = source.open["1"].watches[CDS]
            assert watch.pending  # one response in flight, and no queue behind it

    run(story)


def test_a_taken_port_is_said(free_ports):
    async def story():
        [port] = free_ports(1)
        server = await serve(Source(), f"127.0.0.1:{port}")
        try:
            with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
                await serve(Source(), f"127.0.0.1:{port}")
        finally:
            await server.stop(0)

    run(story)
