"""One gRPC call with messages both ways, on a connection of its own, after `h2.greet`.

RFC 9113 and gRPC's "PROTOCOL-HTTP2". What is in headers is not read: a call that fails ends without
a message, and then the connection is of no use any more. Our own, because grpcio would add 20 MB
to each workload. Never: two calls, or compression.
"""

import asyncio
import struct
from collections.abc import AsyncIterator

from telltale.agent import h2
from telltale.agent.h2 import Frame, NotHttp2

FRAME_BYTES = 16 * 1024  # what every peer takes
MESSAGE_BYTES = 64 * 1024 * 1024
SILENT_S = 90.0  # a server of xDS is heard at least every 30 s: it pings
_WINDOW_UPDATE = 8
_END_STREAM, _ACK, _PADDED, _END_HEADERS = 0x1, 0x1, 0x8, 0x4


class Call:
    """`begin` asks, `send` says more, `messages` hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def begin(self, authority: str, path: str, message: bytes) -> None:
        fields = (
            (b":method", b"POST"), (b":scheme", b"http"), (b":path", path.encode()),
            (b":authority", authority.encode()), (b"content-type", b"application/grpc"),
            (b"te", b"trailers"),
        )  # fmt: skip
        head = b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)
        self._writer.write(h2.pack(Frame(h2.HEADERS, _END_HEADERS, 1, head)))
        await self.send(message)

    async def send(self, message: bytes) -> None:
        """Never more than the peer's first window (64 KB) before it has answered."""
        framed = b"\0" + struct.pack(">I", len(message)) + message
        for at in range(0, len(framed), FRAME_BYTES):
            part = framed[at : at + FRAME_BYTES]
            self._writer.write(h2.pack(Frame(h2.DATA, 0, 1, part)))
        await self._writer.drain()

    async def messages(self) -> AsyncIterator[bytes]:
        """Until the peer ends the call. Raises NotHttp2, OSError; TimeoutError for a silent one."""
        held = bytearray()
        while True:
            async with asyncio.timeout(SILENT_S):
                frame = await h2.read_frame(self._reader)
            if frame.kind == h2.DATA:
                held += await self._taken(frame)
            elif not await self._kept_up(frame):
                return
            while (message := _cut(held)) is not None:
                yield message
            if frame.kind in (h2.DATA, h2.HEADERS) and frame.flags & _END_STREAM:
                return

    async def _taken(self, frame: Frame) -> bytes:
        """What a DATA frame carries; the peer may send as much again."""
        if frame.body:
            more = struct.pack(">I", len(frame.body))
            for stream in (0, 1):
                self._writer.write(h2.pack(Frame(_WINDOW_UPDATE, 0, stream, more)))
            await self._writer.drain()
        if frame.flags & _PADDED and frame.body:
            return frame.body[1 : len(frame.body) - frame.body[0]]
        return frame.body

    async def _kept_up(self, frame: Frame) -> bool:
        """What the connection itself needs; whether the call goes on."""
        if frame.kind in (h2.SETTINGS, h2.PING) and not frame.flags & _ACK:
            body = frame.body if frame.kind == h2.PING else b""
            self._writer.write(h2.pack(Frame(frame.kind, _ACK, 0, body)))
            await self._writer.drain()
        if frame.kind == h2.GOAWAY:
            # It takes no new calls; this one goes on if it is among those that it names.
            return int.from_bytes(frame.body[:4], "big") & 0x7FFFFFFF >= 1
        return frame.kind != h2.RST_STREAM


def _cut(held: bytearray) -> bytes | None:
    """The next message, taken off; None while it is not complete. Raises NotHttp2."""
    if len(held) < 5:
        return None
    (length,) = struct.unpack_from(">I", held, 1)
    if held[0] or length > MESSAGE_BYTES:
        raise NotHttp2(f"which sends a message of {length} bytes, compressed: {bool(held[0])}")
    if len(held) < 5 + length:
        return None
    message = bytes(held[5 : 5 + length])
    del held[: 5 + length]
    return message


def _text(value: bytes) -> bytes:
    """HPACK (RFC 7541 5.2): a text as it is, its length with a prefix of 7 bits."""
    if len(value) < 0x7F:
        return bytes([len(value)]) + value
    rest, out = len(value) - 0x7F, bytearray([0x7F])
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest]) + value
