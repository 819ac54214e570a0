"""What the services call: where it is, one request at a time, and why it failed.

No pool: every call shows in the mesh as what it is. Never: a second try, or a name kept for long.
"""

import asyncio
import os
import socket
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web import BODY_LIMIT, Rejected, chunks, headers_of

ADDRESS_TTL_S = 5.0


class BadAnswer(Exception):
    """What came back is not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an upstream said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a service is reached."""

    host: str
    port: int
    tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def upstream(service: str, env: Mapping[str, str]) -> Upstream:
    """Reads SERVICE_HOSTNAME, SERVICE_SERVICE_PORT and SERVICES_DOMAIN.

    Kubernetes sets `SERVICE_SERVICE_PORT` itself for every Service of the namespace, to the port of
    that Service, which is the port wanted here. Its sibling `SERVICE_PORT` is a URL and not read.
    """
    domain = env.get("SERVICES_DOMAIN", "")
    host = env.get(f"{service.upper()}_HOSTNAME") or service
    port = env.get(f"{service.upper()}_SERVICE_PORT") or "9080"
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"{service.upper()}_SERVICE_PORT: a port from 1 to 65535 is wanted, got {port!r}")
    return Upstream(f"{host}.{domain}" if domain else host, int(port))


_addresses: dict[Upstream, tuple[float, list[tuple[Any, ...]]]] = {}


async def fetch(to: Upstream, path: str, headers: Mapping[str, str], timeout_s: float) -> Answer:
    """One GET on a connection of its own.

    Raises `OSError` (no such name, refused, reset, too late: `TimeoutError`) and `BadAnswer`.
    """
    lacking = "its name was not resolved"
    try:
        async with asyncio.timeout(timeout_s):
            addresses = await _look_up(to)
            lacking = "it did not answer"
            reader, writer = await _connect(to, addresses)
            try:
                writer.write(_request(to, path, headers))
                return await _read_answer(reader)
            finally:
                writer.close()
    except TimeoutError:
        raise TimeoutError(f"{to}: {lacking} in {timeout_s:g} s") from None
    except (ValueError, Rejected, asyncio.LimitOverrunError) as error:
        raise BadAnswer(f"{to} did not answer in HTTP: {error}") from error
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError(f"{to} closed the connection without an answer") from error


def reason(to: Upstream, error: Exception) -> str:
    """Why a call failed, for people: who was called, and the system's own word for it."""
    text = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.errno:  # getaddrinfo's errors have negative numbers
        text = os.strerror(error.errno).lower() if error.errno > 0 else str(error.strerror)
    return text if str(to) in text else f"{to}: {text}"


async def _look_up(to: Upstream) -> list[tuple[Any, ...]]:
    loop = asyncio.get_running_loop()
    until, found = _addresses.get(to, (0.0, []))
    if loop.time() >= until:
        found = await loop.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
        _addresses[to] = (loop.time() + ADDRESS_TTL_S, found)
    return found


async def _connect(
    to: Upstream, addresses: list[tuple[Any, ...]]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    failure: OSError = OSError(f"no address for {to.host}")
    sealed: dict[str, Any] = (
        {"ssl": ssl.create_default_context(), "server_hostname": to.host} if to.tls else {}
    )
    for *_, address in addresses:
        try:
            return await asyncio.open_connection(address[0], address[1], **sealed)
        except OSError as error:
            failure = error
    _addresses.pop(to, None)
    raise failure


def _request(to: Upstream, path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"host: {to}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")[:-4]
    first, *lines = head.split("\r\n")
    words = first.split(" ", 2)
    if not words[0].startswith("HTTP/1.") or len(words) < 2 or not words[1].isdigit():
        raise ValueError(f"first line {first[:60]!r}")
    headers = headers_of(lines)
    if "content-length" in headers:
        length = int(headers["content-length"])
        if length > BODY_LIMIT:
            raise ValueError(f"a body of {length} bytes")
        return Answer(int(words[1]), headers, await reader.readexactly(length))
    rest = await reader.read(BODY_LIMIT)
    while more := await reader.read(BODY_LIMIT):
        rest += more
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body, _ = chunks(rest, 0)
        if body is None:
            raise asyncio.IncompleteReadError(rest, None)
        return Answer(int(words[1]), headers, body)
    return Answer(int(words[1]), headers, rest)
