"""Port-forward: SPDY frames in, a real connection out. On loopback only."""

import asyncio
import struct
import zlib

import pytest

from telltale.cluster.api.request import Upgrade
from telltale.cluster.api.subresources.spdy import DICTIONARY, BadFrame, Codec, Data, Opened, Ping

PODS = "/api/v1/namespaces/default/pods"


def opened(deflate, stream, **headers):
    """SYN_STREAM as the other end sends it."""
    words = [one.encode() for pair in headers.items() for one in pair]
    block = struct.pack(">I", len(headers))
    block += b"".join(struct.pack(">I", len(one)) + one for one in words)
    packed = deflate.compress(block) + deflate.flush(zlib.Z_SYNC_FLUSH)
    body = struct.pack(">IIH", stream, 0, 0) + packed
    return struct.pack(">HHI", 0x8003, 1, len(body)) + body


def test_frames_come_whole_however_they_are_cut():
    deflate = zlib.compressobj(zdict=DICTIONARY)
    sent = opened(deflate, 1, streamtype="error", port="80") + Codec.ping(7)
    sent += opened(deflate, 3, streamtype="data", port="80") + Codec.data(3, b"hi", last=True)
    codec = Codec()
    frames = [frame for byte in sent for frame in codec.feed(bytes([byte]))]
    assert frames == [
        Opened(1, {"streamtype": "error", "port": "80"}),
        Ping(7),
        Opened(3, {"streamtype": "data", "port": "80"}),
        Data(3, b"hi", True),
    ]


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">HHI", 0x8002, 1, 10) + bytes(10),  # SPDY/2
        struct.pack(">II", 1, 0xFFFFFF),  # 16 MB in one frame
        struct.pack(">HHI", 0x8003, 1, 14) + bytes(10) + b"junk",
        struct.pack(">HHI", 0x8003, 6, 2) + bytes(2),
    ],
)
def test_what_is_no_spdy(sent):
    with pytest.raises(BadFrame):
        list(Codec().feed(sent))


class Far:
    """kubectl's end of the WebSocket."""

    def __init__(self):
        self.sent = asyncio.Queue()
        self.heard = asyncio.Queue()
        self.codec = Codec()

    async def receive(self):
        return await self.sent.get()

    async def send(self, data):
        for frame in self.codec.feed(data):
            self.heard.put_nowait(frame)

    async def hears(self, stream):
        """All data of a stream up to its end, setting aside that of others."""
        found, aside, last = b"", [], False
        async with asyncio.timeout(5):
            while not last:
                frame = await self.heard.get()
                if isinstance(frame, Data) and frame.stream == stream:
                    found, last = found + frame.data, frame.last
                else:
                    aside.append(frame)
        for frame in aside:
            self.heard.put_nowait(frame)
        return found


class Loopback:
    """A kubelet whose pods are this machine."""

    async def connect(self, namespace, pod, port):
        return await asyncio.open_connection("127.0.0.1", port)


def forwarded(ask, story):
    """Run `story(far)` with a tunnel to pod `p`, which is this machine."""
    ask(
        "POST",
        PODS,
        {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "x"}]}},
    )
    ask.patch(f"{PODS}/p/status", {"status": {"phase": "Running"}})
    ask.built.door.kubelet = Loopback()

    async def run():
        asked = ask._ask("GET", f"{PODS}/p/portforward", None, "", None, None)
        reply = await ask.built.api.handle(asked)
        assert isinstance(reply, Upgrade)
        assert reply.protocols == ("SPDY/3.1+portforward.k8s.io",)
        far = Far()
        async with asyncio.TaskGroup() as group:
            tunnel = group.create_task(reply.run(far, reply.protocols[0]))
            await story(far)
            far.sent.put_nowait(None)  # kubectl hangs up
            async with asyncio.timeout(5):
                await tunnel

    ask.runner.run(run())


def streams(far, port):
    deflate = zlib.compressobj(zdict=DICTIONARY)
    more = {"port": str(port), "requestid": "0"}
    far.sent.put_nowait(opened(deflate, 1, streamtype="error", **more))
    far.sent.put_nowait(Codec.data(1, b"", last=True))
    far.sent.put_nowait(opened(deflate, 3, streamtype="data", **more))


@pytest.mark.live
def test_a_connection_carries_both_ways_and_ends_on_both_streams(ask):
    large = b"x" * 300_000

    async def upper(reader, writer):
        writer.write((await reader.read()).upper())
        await writer.drain()
        writer.close()

    async def story(far):
        server = await asyncio.start_server(upper, "127.0.0.1", 0)
        async with server:
            streams(far, server.sockets[0].getsockname()[1])
            far.sent.put_nowait(Codec.data(3, large))
            far.sent.put_nowait(Codec.data(3, b"", last=True))
            assert await far.hears(3) == large.upper()
            assert await far.hears(1) == b""

    forwarded(ask, story)


@pytest.mark.live
def test_a_port_where_nobody_listens_is_said_on_the_error_stream(ask):
    async def story(far):
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        streams(far, port)
        said = (await far.hears(1)).decode()
        assert said.startswith(f"error forwarding port {port} to pod p: ")
        assert "onnect" in said

    forwarded(ask, story)


def test_a_pod_that_does_not_run_is_refused_before_the_upgrade(ask):
    ask(
        "POST",
        PODS,
        {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "x"}]}},
    )
    told = ask("GET", f"{PODS}/p/portforward")
    assert told.code == 400
    assert "pod is not running. Current status=Pending" in told.message
