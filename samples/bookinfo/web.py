"""HTTP/1.1 for the four services: a server that drains. What they call is in upstream.py.

Standard library alone: a service starts in a tenth of a second and stays small, so that six of them
beside six sidecars fit a laptop. Never: TLS, HTTP/2, or a word about books.
"""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 1024 * 1024
# After SIGTERM the others learn within moments that this pod is leaving; until they have, they
# still send. So serve on, and leave once nothing has come for this long.
QUIET_S = 0.5
DRAIN_S = 20.0
POD = socket.gethostname()

# What a service passes on, so that traces and routing by user reach through the whole call tree.
FORWARDED = (
    "x-request-id", "x-ot-span-context", "x-datadog-trace-id", "x-datadog-parent-id",
    "x-datadog-sampling-priority", "traceparent", "tracestate", "x-cloud-trace-context",
    "grpc-trace-bin", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled",
    "x-b3-flags", "b3", "sw8", "end-user", "user-agent", "cookie", "authorization", "jwt",
)  # fmt: skip


class Rejected(Exception):
    """What arrived is not a request that can be answered; `status` says how to refuse it."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    def forwarded(self) -> dict[str, str]:
        """The headers to send on with every call made for this request."""
        return {name: self.headers[name] for name in FORWARDED if name in self.headers}


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Response]]


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, json.dumps(value).encode(), headers=headers or {})


def run(name: str, handler: Handler) -> None:
    """Serve on the port given as the only argument until SIGTERM; exits with a clear line."""
    if len(sys.argv) != 2 or not sys.argv[1].isdigit() or not 0 < int(sys.argv[1]) < 65536:
        sys.exit(f"usage: {name}.py PORT, a port from 1 to 65535; got: {' '.join(sys.argv[1:])}")
    try:
        asyncio.run(_serve(name, handler, int(sys.argv[1])))
    except OSError as error:
        sys.exit(f"{name}: cannot listen on 0.0.0.0:{sys.argv[1]}: {error.strerror}")


async def _serve(name: str, handler: Handler, port: int) -> None:
    loop = asyncio.get_running_loop()
    work = _Work(name, handler)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: _Connection(work), "0.0.0.0", port, backlog=1024)
    print(f"{name}: listening on 0.0.0.0:{port}", flush=True)
    await stop.wait()
    work.draining = True
    work.last = loop.time()
    late = loop.time() + DRAIN_S
    # Quiet is the absence of events: there is nothing to wait on.
    while (work.in_flight or loop.time() - work.last < QUIET_S) and loop.time() < late:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    server.close()
    for connection in list(work.connections):
        connection.close()
    print(f"{name}: stopped", flush=True)
    # A name look-up that hangs in its thread for many seconds must not keep the program.
    os._exit(0)


class _Work:
    """What all connections of the server share."""

    def __init__(self, name: str, handler: Handler) -> None:
        self.name = name
        self.handler = handler
        self.connections: set[_Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.draining = False
        self.last = 0.0

    @property
    def in_flight(self) -> int:
        return len(self.tasks)


class _Connection(asyncio.Protocol):
    """One client: requests one after the other, each answered before the next is looked at."""

    transport: asyncio.Transport

    def __init__(self, work: _Work) -> None:
        self.work = work
        self.buffer = bytearray()
        self.busy = False
        self.told_to_continue = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.work.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.work.connections.discard(self)

    def close(self) -> None:
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.work.last = asyncio.get_running_loop().time()
        if self.busy and len(self.buffer) > HEAD_LIMIT:
            self.transport.pause_reading()
        self._next()

    def _next(self) -> None:
        if self.busy or not self.buffer or self.transport.is_closing():
            return
        try:
            parsed = _parse(self.buffer)
        except Rejected as error:
            refusal = json_response(error.status, {"error": str(error)})
            self.transport.write(_head(refusal, keep=False) + refusal.body)
            self.transport.close()
            return
        if isinstance(parsed, _Partial):
            if parsed.wants_continue and not self.told_to_continue:
                self.told_to_continue = True
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        request, used, keep = parsed
        del self.buffer[:used]
        self.busy, self.told_to_continue = True, False
        task = asyncio.get_running_loop().create_task(self._answer(request, keep))
        self.work.tasks.add(task)
        task.add_done_callback(self.work.tasks.discard)

    async def _answer(self, request: Request, keep: bool) -> None:
        try:
            response = await self.work.handler(request)
        except Exception as error:
            print(f"{self.work.name}: {request.method} {request.path}: {error!r}", flush=True)
            response = json_response(500, {"error": "internal error"})
        self.busy = False
        self.work.last = asyncio.get_running_loop().time()
        keep = keep and not self.work.draining
        if self.transport.is_closing():
            return
        body = b"" if request.method == "HEAD" else response.body
        self.transport.write(_head(response, keep) + body)
        if not keep:
            self.transport.close()
            return
        self.transport.resume_reading()
        self._next()


@dataclass(frozen=True, slots=True)
class _Partial:
    """More bytes are needed."""

    wants_continue: bool = False


def _parse(buffer: bytearray) -> tuple[Request, int, bool] | _Partial:
    """The first request in the buffer, how many bytes it took, whether to keep the connection."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > HEAD_LIMIT:
            raise Rejected(431, f"headers larger than {HEAD_LIMIT} bytes")
        return _Partial()
    first, *lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Rejected(400, "not an HTTP/1.1 request")
    try:
        headers = headers_of(lines)
        body, used = _body(buffer, end + 4, headers)
    except ValueError as error:
        raise Rejected(400, str(error)) from error
    if body is None:
        return _Partial(headers.get("expect", "").lower() == "100-continue")
    method, target, version = words
    if target.startswith(("http://", "https://")):
        target = "/" + target.split("/", 3)[3] if target.count("/") >= 3 else "/"
    path, _, query = target.partition("?")
    wish = headers.get("connection", "").lower()
    keep = "close" not in wish and (version != "HTTP/1.0" or "keep-alive" in wish)
    return Request(method, path, query, headers, body), used, keep


def headers_of(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise ValueError(f"bad header line {line[:60]!r}")
        name, value = name.lower(), value.strip()
        joint = "; " if name == "cookie" else ", "
        headers[name] = headers[name] + joint + value if name in headers else value
    return headers


def _body(
    buffer: bytes | bytearray, start: int, headers: Mapping[str, str]
) -> tuple[bytes | None, int]:
    """The body, or None when it is not all there yet, and where it ends."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return chunks(buffer, start)
    length = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,18}", length):
        raise ValueError(f"bad content-length {length[:40]!r}")
    end = start + int(length)
    if end - start > BODY_LIMIT:
        raise Rejected(413, f"body of {length} bytes, at most {BODY_LIMIT} are taken")
    return (bytes(buffer[start:end]), end) if len(buffer) >= end else (None, start)


def chunks(buffer: bytes | bytearray, at: int) -> tuple[bytes | None, int]:
    parts: list[bytes] = []
    total = 0
    while (line_end := buffer.find(b"\r\n", at)) >= 0:
        word = bytes(buffer[at:line_end]).split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", word):
            raise ValueError(f"bad chunk size {word[:20]!r}")
        size = int(word, 16)
        total += size
        if total > BODY_LIMIT:
            raise Rejected(413, f"body larger than {BODY_LIMIT} bytes")
        at = line_end + 2
        if size == 0:
            end = buffer.find(b"\r\n", at)  # no trailers: the empty line follows at once
            while end > at:
                at, end = end + 2, buffer.find(b"\r\n", end + 2)
            return (b"".join(parts), end + 2) if end >= 0 else (None, at)
        if len(buffer) < at + size + 2:
            break
        parts.append(bytes(buffer[at : at + size]))
        at += size + 2
    return None, at


def _head(response: Response, keep: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {_phrase(response.status)}",
        f"content-type: {response.type}",
        f"content-length: {len(response.body)}",
        f"x-pod: {POD}",
    ]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if not keep:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
