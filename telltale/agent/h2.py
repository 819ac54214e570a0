"""As much HTTP/2 as it takes to see that a server speaks it, to ask gRPC's health service one
question, and (`h2_call`) to hear one stream.

RFC 9113 sections 3.4 (preface), 4.1 (frames), 6.5 (SETTINGS). No HPACK decoding: the answer that
counts is in a DATA frame.
Never: a client for anything else.
"""

import asyncio
import struct
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
FRAME_BYTES = 64 * 1024


class NotHttp2(Exception):
    """What came back instead of HTTP/2, as a clause that follows `connected to ADDRESS, `."""


@dataclass(frozen=True, slots=True)
class Frame:
    kind: int
    flags: int
    stream: int
    body: bytes


def pack(frame: Frame) -> bytes:
    head = struct.pack(">I", len(frame.body))[1:] + bytes([frame.kind, frame.flags])
    return head + struct.pack(">I", frame.stream) + frame.body


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Exchange prefaces. Raises NotHttp2, OSError; the caller bounds the time."""
    writer.write(PREFACE + pack(Frame(SETTINGS, 0, 0, b"")))
    await writer.drain()
    first = await read_frame(reader)
    if first.kind != SETTINGS:
        raise NotHttp2(f"which begins with an HTTP/2 frame of kind {first.kind}, not SETTINGS")
    writer.write(pack(Frame(SETTINGS, 1, 0, b"")))


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    try:
        head = await reader.readexactly(9)
    except asyncio.IncompleteReadError as error:
        raise NotHttp2(_closed(error.partial)) from None
    length = int.from_bytes(head[:3], "big")
    if head.startswith(b"HTTP/") or length > FRAME_BYTES:
        rest = await reader.read(60)
        raise NotHttp2(f"which does not speak HTTP/2: {(head + rest)[:40]!r}")
    stream = int.from_bytes(head[5:9], "big") & 0x7FFFFFFF
    try:
        body = await reader.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise NotHttp2(_closed(error.partial)) from None
    return Frame(head[3], head[4], stream, body)


def _closed(partial: bytes) -> str:
    return f"which closed the connection after {len(partial)} bytes"


async def health_check(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str, service: str
) -> bool:
    """`grpc.health.v1.Health/Check` after `greet`: True when the status is SERVING. Raises
    NotHttp2, OSError.
    """
    name = service.encode()
    message = b"\x0a" + bytes([len(name)]) + name if name else b""
    headers = (
        b"\x83\x86" + _literal(4, b"/grpc.health.v1.Health/Check") + _literal(1, authority.encode())
    )
    headers += _named(b"content-type", b"application/grpc") + _named(b"te", b"trailers")
    body = b"\0" + struct.pack(">I", len(message)) + message
    writer.write(pack(Frame(HEADERS, 4, 1, headers)) + pack(Frame(DATA, 1, 1, body)))
    await writer.drain()
    answered = b""
    while True:
        frame = await read_frame(reader)
        if frame.kind == SETTINGS and not frame.flags & 1:
            writer.write(pack(Frame(SETTINGS, 1, 0, b"")))
        elif frame.kind == PING and not frame.flags & 1:
            writer.write(pack(Frame(PING, 1, 0, frame.body)))
        elif frame.kind in (RST_STREAM, GOAWAY):
            raise NotHttp2("which reset the health check")
        elif frame.kind == DATA and frame.stream == 1:
            answered += frame.body
        if frame.kind in (DATA, HEADERS) and frame.flags & 1:
            return answered[5:7] == b"\x08\x01"  # HealthCheckResponse.status = SERVING


def _literal(index: int, value: bytes) -> bytes:
    """HPACK (RFC 7541 6.2.2): a name of the static table, a value as it is."""
    return bytes([index, len(value)]) + value


def _named(name: bytes, value: bytes) -> bytes:
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value
