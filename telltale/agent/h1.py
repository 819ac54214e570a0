"""HTTP/1.1 as small as the agent needs it: a server for :15020, and a client for Envoy's admin page
and app probes.

Our own, because it runs once beside every workload: aiohttp would add 14 MB and 0.17 s to each
(measured: asyncio alone 20 MB, 65 ms). Bounded: 8 KB of head, 64 KB of request body, 16 MB of
answer, a time limit on each step.
Never: pipelining out of order, chunked requests, compression, or a word of Envoy or probes.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address

HEAD_BYTES = 8 * 1024
BODY_BYTES = 64 * 1024
ANSWER_BYTES = 16 * 1024 * 1024
IDLE_S = 60.0
CONNECTIONS = 128


class HttpError(Exception):
    """The peer did not speak HTTP as expected, or not in time; the message says what it did."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""

    @property
    def from_loopback(self) -> bool:
        address = ip_address(self.peer.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Where:
    """What to dial: `source` binds the local end, `tls` is for https."""

    host: str
    port: int
    source: str | None = None
    tls: ssl.SSLContext | None = None


Respond = Callable[[Request], Awaitable[Answer]]


async def serve(listening: socket.socket, respond: Respond) -> None:
    """Answer until cancelled. `respond` must not raise; if it does the peer gets a 500 without the
    text.
    """
    free = asyncio.Semaphore(CONNECTIONS)

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with free:
                await _converse(reader, writer, respond)
        except (OSError, HttpError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the peer left, or went silent: nothing to tell and nobody to tell it to
        finally:
            writer.close()

    server = await asyncio.start_server(connection, sock=listening, limit=HEAD_BYTES)
    async with server:
        await server.serve_forever()


async def ask(where: Where, request: Request, timeout_s: float) -> Answer:
    """One request on a connection of its own. Raises HttpError, OSError, TimeoutError."""
    async with asyncio.timeout(timeout_s):
        local = (where.source, 0) if where.source else None
        reader, writer = await asyncio.open_connection(
            where.host, where.port, local_addr=local, ssl=where.tls, limit=HEAD_BYTES
        )
        try:
            writer.write(_request_bytes(where, request))
            await writer.drain()
            return await _read_answer(reader, request.method)
        except asyncio.IncompleteReadError as error:
            raise HttpError(f"closed after {len(error.partial)} bytes of an answer") from None
        finally:
            writer.close()


def listen(port: int) -> socket.socket:
    """Every address of both families; IPv4 alone where the kernel has no IPv6. Raises OSError."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(
            ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=CONNECTIONS
        )
    return socket.create_server(("0.0.0.0", port), backlog=CONNECTIONS)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, respond: Respond
) -> None:
    peer = str(writer.get_extra_info("peername")[0])
    keep = True
    while keep:
        async with asyncio.timeout(IDLE_S):
            got = await _read_request(reader, peer)
        if got is None:
            return
        request = got if isinstance(got, Request) else Request("GET", "/")
        if isinstance(got, Answer):
            answer, keep = got, False
        else:
            answer = await _answered(respond, got)
            keep = got.headers.get("connection", "").lower() != "close"
        writer.write(_answer_bytes(answer, request.method == "HEAD", keep))
        async with asyncio.timeout(IDLE_S):
            await writer.drain()


async def _answered(respond: Respond, request: Request) -> Answer:
    try:
        return await respond(request)
    except Exception:
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"{request.method} {request.path} failed"}
        )
        return Answer(500, b"internal error\n")


async def _read_request(reader: asyncio.StreamReader, peer: str) -> Request | Answer | None:
    """The next request; None: the peer has closed; an Answer refuses what cannot be read."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        return Answer(431, b"request head over 8 KB\n")
    first, headers = _split_head(head)
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return Answer(400, b"not an HTTP/1.1 request line\n")
    if "transfer-encoding" in headers:
        return Answer(411, b"send Content-Length\n")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_BYTES:
        return Answer(413, b"request body over 64 KB\n")
    await reader.readexactly(int(length))
    if words[2] == "HTTP/1.0":
        headers.setdefault("connection", "close")
    path, _, query = words[1].partition("?")
    return Request(words[0], path, query, headers, peer)


async def _read_answer(reader: asyncio.StreamReader, method: str) -> Answer:
    try:
        first, headers = _split_head(await reader.readuntil(b"\r\n\r\n"))
    except asyncio.LimitOverrunError:
        raise HttpError("answer head over 8 KB") from None
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        raise HttpError(f"not HTTP: {first[:60]!r}")
    status = int(words[1])
    body = b"" if method == "HEAD" or status in (204, 304) else await _body(reader, headers)
    return Answer(status, body, headers.get("content-type", ""), headers)


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    if "content-length" in headers:
        length = headers["content-length"]
        if not length.isdecimal() or int(length) > ANSWER_BYTES:
            raise HttpError(f"answer of {length} bytes is over the limit of {ANSWER_BYTES}")
        return await reader.readexactly(int(length))
    parts = bytearray()
    while part := await reader.read(64 * 1024):
        parts += part
        if len(parts) > ANSWER_BYTES:
            raise HttpError(f"answer is over the limit of {ANSWER_BYTES} bytes")
    return bytes(parts)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError:
            raise HttpError(f"bad chunk size {line[:20]!r}") from None
        if len(parts) + size > ANSWER_BYTES:
            raise HttpError(f"answer is over the limit of {ANSWER_BYTES} bytes")
        parts += (await reader.readexactly(size + 2))[:-2]
        if size == 0:
            return bytes(parts)


def _split_head(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, found, value = line.partition(":")
        if found:
            headers[name.strip().lower()] = value.strip()
    return first, headers


def _request_bytes(where: Where, request: Request) -> bytes:
    host = f"[{where.host}]" if ":" in where.host else where.host
    headers = {"host": f"{host}:{where.port}", **request.headers, "connection": "close"}
    if request.method not in ("GET", "HEAD"):
        headers["content-length"] = "0"
    path = f"{request.path}?{request.query}" if request.query else request.path
    lines = [f"{request.method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _answer_bytes(answer: Answer, head_only: bool, keep: bool) -> bytes:
    phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "Status"
    lines = [
        f"HTTP/1.1 {answer.status} {phrase}",
        f"content-type: {answer.content_type}",
        f"content-length: {len(answer.body)}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        *([] if keep else ["connection: close"]),
    ]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if head_only else head + answer.body
