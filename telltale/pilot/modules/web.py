"""GET over HTTP for whoever fetches on a user's word: bounded in size, time and whom it dials.

Redirects are followed by hand, so that no credential follows them to another host. Never: a
cookie, a proxy of the environment, or an address that `reach` refuses.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp

REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_AUTHORIZATION = "Authorization"
_PIECE = 64 << 10


class Unreachable(OSError):
    """It cannot be had from there; says why, without a password or a query."""


class Forbidden(OSError):
    """An address that is not dialled."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Web:
    """`refusal`: why an address is not dialled, "" if it may be."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, url: str, most: int, headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status, of at most so many bytes. Raises `Unreachable`."""
        said = dict(headers)
        for _ in range(REDIRECTS + 1):
            answer = await self._once(url, most, said)
            if answer.status not in _MOVED or "Location" not in answer.headers:
                return answer
            onward = urljoin(url, answer.headers["Location"])
            if (urlsplit(onward).scheme, urlsplit(onward).netloc) != (
                urlsplit(url).scheme, urlsplit(url).netloc
            ):  # fmt: skip
                said.pop(_AUTHORIZATION, None)
            url = onward
        raise Unreachable(f"{shown(url)} redirects more than {REDIRECTS} times")

    async def _once(self, url: str, most: int, headers: Mapping[str, str]) -> Answer:
        if urlsplit(url).scheme not in ("http", "https"):
            raise Unreachable(f"{shown(url)} is neither http nor https")
        try:
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                return Answer(answer.status, await _body(answer, most), answer.headers)
        except TimeoutError as error:
            raise Unreachable(f"{shown(url)} does not answer in time") from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise Unreachable(f"{shown(url)}: {_reason(error)}") from error


@asynccontextmanager
async def opened(refusal: Callable[[str], str], limit_s: float) -> AsyncIterator[Web]:
    """With a time limit for each request, of which no wait for bytes takes more than a third."""

    def dialling(info: tuple[object, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        assert isinstance(address, tuple)
        if reason := refusal(str(address[0])):
            raise Forbidden(reason)
        return socket.socket(family, kind, protocol)  # type: ignore[arg-type]

    connector = aiohttp.TCPConnector(
        socket_factory=dialling, force_close=True, happy_eyeballs_delay=None
    )
    timeout = aiohttp.ClientTimeout(limit_s, sock_connect=limit_s / 3, sock_read=limit_s / 3)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:  # fmt: skip
        yield Web(session)


def shown(url: str) -> str:
    """A URL for people to read: tokens stand in queries."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


async def _body(answer: aiohttp.ClientResponse, most: int) -> bytes:
    found = bytearray()
    async for piece in answer.content.iter_chunked(_PIECE):
        found += piece
        if len(found) > most:
            raise ValueError(f"it is larger than {most >> 20} MiB")
        await asyncio.sleep(0)
    return bytes(found)


def _reason(error: BaseException) -> str:
    """The first cause, which names what is wrong rather than where in the library."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, Forbidden):
        return f"{error}: it is not dialled"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
