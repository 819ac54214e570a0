"""The API over HTTPS: aiohttp's requests to ours, our answers to its own. A thin shell.

Never: a decision about what is asked. A busy port is one clear line, with who has it if that shows.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web

from telltale.cluster.api import bodies
from telltale.cluster.api.api import Api, refused
from telltale.cluster.api.auth.identity import Identities, Subject
from telltale.cluster.api.request import Answer, Ask, Reply, Stream, Upgrade
from telltale.kube import errors

log = logging.getLogger(__name__)

STALLED_S = 30.0  # a reader who takes nothing for so long is cut off
_BUFFER = 1 << 20


class PortTaken(Exception):
    """Somebody else listens there."""


class Server:
    """Listens on any number of addresses; `listen` may be called at any time."""

    def __init__(self, api: Api, identities: Identities, tls: ssl.SSLContext) -> None:
        self._api = api
        self._identities = identities
        self._tls = tls
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=bodies.MOST_BYTES + 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0,
            read_bufsize=_BUFFER,
        )  # fmt: skip
        await self._runner.setup()

    async def listen(self, host: str, port: int) -> int:
        """Listen on one more address; the port that it became. Raises `PortTaken`."""
        assert self._runner, "start the server first"
        site = web.TCPSite(self._runner, host, port, ssl_context=self._tls, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            owner = await asyncio.to_thread(owner_of, port)
            raise PortTaken(
                f"cannot listen on {host}:{port}: {error.strerror or error}{owner};"
                " stop it or choose another port"
            ) from error
        listening = self._runner.addresses[-1]
        log.info("serving on %s:%s", host, listening[1])
        return int(listening[1])

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            ask = await self._ask(request)
        except errors.ApiError as error:
            return _whole(refused(error))
        reply: Reply = await self._api.handle(ask)
        match reply:
            case Answer():
                return _whole(reply)
            case Stream():
                return await _streamed(request, reply)
            case Upgrade():
                return await _upgraded(request, reply)

    async def _ask(self, request: web.Request) -> Ask:
        headers = {key.lower(): value for key, value in request.headers.items()}
        user = self._identities.of(_subject(request), headers)
        query: dict[str, tuple[str, ...]] = {}
        for key in request.query:
            query[key] = tuple(request.query.getall(key))
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise bodies.too_large() from None
        return Ask(request.method, request.rel_url.raw_path, query, headers, body, user)


def _subject(request: web.Request) -> Subject | None:
    """The verified client certificate's subject."""
    transport = request.transport
    certificate = transport.get_extra_info("peercert") if transport else None
    if not certificate:
        return None
    names: dict[str, list[str]] = {}
    for part in certificate.get("subject", ()):
        for key, value in part:
            names.setdefault(key, []).append(value)
    common = names.get("commonName", [""])[0]
    return Subject(common, tuple(names.get("organizationName", ())))


def _whole(reply: Answer) -> web.Response:
    headers = {"Content-Type": reply.content_type, **reply.headers}
    headers["Cache-Control"] = "no-cache, private"
    return web.Response(status=reply.code, body=reply.body, headers=headers)


async def _streamed(request: web.Request, reply: Stream) -> web.StreamResponse:
    """Chunks as they come; a reader that stalls is cut off, and costs one buffer until then."""
    response = web.StreamResponse(headers={"Content-Type": reply.content_type})
    response.enable_chunked_encoding()
    await response.prepare(request)
    chunks: AsyncIterator[bytes] = reply.chunks
    try:
        async with aclosing(chunks) as following:  # type: ignore[type-var]
            async for chunk in following:
                async with asyncio.timeout(STALLED_S):
                    await response.write(chunk)
        await response.write_eof()
    except (ConnectionError, TimeoutError) as error:
        log.debug("%s: the reader is gone: %s", request.path, error)
        if request.transport:
            request.transport.abort()
    except errors.ApiError as error:
        await response.write(f"{error.message}\n".encode())
        await response.write_eof()
    return response


class _Socket:
    """A WebSocket as `request.Socket`."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def receive(self) -> bytes | None:
        message = await self._socket.receive()
        if message.type is WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is WSMsgType.TEXT:
            return str(message.data).encode()
        return None

    async def send(self, data: bytes) -> None:
        await self._socket.send_bytes(data)


async def _upgraded(request: web.Request, reply: Upgrade) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=reply.protocols, max_msg_size=1 << 22, heartbeat=None)
    if not socket.can_prepare(request).ok:
        said = "Upgrade request required"
        return _whole(refused(errors.BadRequest(said)))
    await socket.prepare(request)
    try:
        await reply.run(_Socket(socket), socket.ws_protocol or "")
    finally:
        await socket.close(code=WSCloseCode.OK)
    return socket


def owner_of(port: int) -> str:
    """` (pid 123, python3)` when /proc says who listens on a port, else "". Reads /proc."""
    inodes = {
        fields[9]
        for name in ("tcp", "tcp6")
        for fields in map(str.split, _lines(Path("/proc/net") / name))
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
    }
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*") if sockets else ():
        with suppress(OSError):  # it ended, or is not ours to look into
            if any(_link(one) in sockets for one in (process / "fd").iterdir()):
                return f" (pid {process.name}, {(process / 'comm').read_text().strip()})"
    return ""


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""  # closed meanwhile


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()[1:]
    except OSError:
        return []
