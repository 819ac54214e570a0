"""How a request reaches an API server: over HTTPS here; the embedded cluster has one in process.

Never: what a request means.
"""

import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Protocol

import aiohttp

from telltale.kube import codec, errors
from telltale.kube.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Response:
    code: int
    body: bytes


class Transport(Protocol):
    """One request and its answer, or one request and the lines of a watch or log."""

    async def send(self, request: Request) -> Response: ...

    def lines(self, request: Request) -> AsyncIterator[bytes]:
        """The lines of a streamed answer. Raises an `ApiError` when the answer is not a success."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """Where an API server is, whom we trust to be it, and who we are."""

    url: str
    tls: ssl.SSLContext | None = None
    token_file: str = ""
    token: str = ""
    namespace: str = "default"


class Http:
    """Requests over HTTP(S); one connection pool; use as an async context."""

    def __init__(self, server: Server, timeout_s: float = 30.0) -> None:
        self._server = server
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Http":
        connector = aiohttp.TCPConnector(limit=0, ssl=self._server.tls or False)
        self._session = aiohttp.ClientSession(connector=connector, read_bufsize=1 << 20)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    async def send(self, request: Request) -> Response:
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        try:
            async with self._open(request, timeout) as answer:
                return Response(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(self._unreachable(error)) from error

    async def lines(self, request: Request) -> AsyncIterator[bytes]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s)
        try:
            async with self._open(request, timeout) as answer:
                if answer.status >= 400:
                    raise error_of(answer.status, await answer.read())
                buffer = b""
                async for chunk in answer.content.iter_any():
                    *whole, buffer = (buffer + chunk).split(b"\n")
                    for line in whole:
                        yield line
                if buffer:
                    yield buffer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(self._unreachable(error)) from error

    def _open(
        self, request: Request, timeout: aiohttp.ClientTimeout
    ) -> "aiohttp.client._RequestContextManager":
        assert self._session, "use Http as an async context"
        headers = {"Accept": "application/json"}
        if request.body:
            headers["Content-Type"] = request.content_type
        if token := token_of(self._server):
            headers["Authorization"] = f"Bearer {token}"
        return self._session.request(
            request.method, self._server.url + request.path,
            params=dict(request.query), data=BytesIO(request.body) if request.body else None,
            headers=headers, timeout=timeout,
        )  # fmt: skip

    def _unreachable(self, error: BaseException) -> str:
        return f"cannot reach the API server {self._server.url}: {error or type(error).__name__}"


def token_of(server: Server) -> str:
    """The bearer token, if any; read again each time: a projected one is renewed in place."""
    if not server.token_file:
        return server.token
    return Path(server.token_file).read_text().strip()


def error_of(code: int, body: bytes) -> errors.ApiError:
    """The error that an answer's code and body mean, whatever the body is."""
    try:
        return errors.from_status(code, codec.parse(body))
    except codec.Malformed:
        return errors.from_status(code, {"message": body.decode(errors="replace").strip()})
