"""One HTTP/1.1 GET on a connection of its own: all that a probe or a hook needs, and cheap.

Never: redirects, a pool, or the check of a certificate (the kubelet's probes do not either).
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_BODY = 10 << 10


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int
    path: str = "/"
    https: bool = False
    headers: Sequence[tuple[str, str]] = ()

    @property
    def url(self) -> str:
        scheme = "https" if self.https else "http"
        return f"{scheme}://{self.host}:{self.port}/{self.path.lstrip('/')}"


class NoAnswer(Exception):
    """Nothing that can be called an HTTP answer; the message is as Go's client words it."""


async def get(target: Target, timeout_s: float) -> int:
    """The status code. Raises `NoAnswer`."""
    connected = False
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(
                target.host, target.port, ssl=_insecure() if target.https else None
            )
            connected = True
            try:
                writer.write(_request(target))
                return await _answer(reader)
            finally:
                writer.close()
    except TimeoutError:
        detail = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        if not connected:
            detail = f"dial tcp {target.host}:{target.port}: i/o timeout"
        raise NoAnswer(f'Get "{target.url}": {detail}') from None
    except ssl.SSLError as error:
        raise NoAnswer(f'Get "{target.url}": tls: {error.reason or error}') from error
    except (OSError, ValueError, asyncio.IncompleteReadError) as error:
        raise NoAnswer(f'Get "{target.url}": {_failed(target, error, connected)}') from error


def refusal(host: str, port: int, error: OSError) -> str:
    """Why a connection was not had, as Go says it."""
    words = (error.strerror or str(error)).lower()
    if "connect call failed" in words or isinstance(error, ConnectionRefusedError):
        words = "connection refused"
    return f"dial tcp {host}:{port}: connect: {words}"


def _request(target: Target) -> bytes:
    given = {name.lower(): (name, value) for name, value in target.headers}
    standard = {
        "host": ("Host", f"{target.host}:{target.port}"),
        "user-agent": ("User-Agent", "kube-probe/1.32"),
        "accept": ("Accept", "*/*"),
        "connection": ("Connection", "close"),
    }
    lines = [f"{name}: {value}" for name, value in {**standard, **given}.values()]
    head = [f"GET /{target.path.lstrip('/')} HTTP/1.1", *lines, "", ""]
    return "\r\n".join(head).encode()


async def _answer(reader: asyncio.StreamReader) -> int:
    first = await reader.readline()
    if not first:
        raise ValueError("EOF")
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise ValueError(f"malformed HTTP response {first[:40].decode('latin-1').strip()!r}")
    length = None
    while (line := (await reader.readline()).strip()):  # fmt: skip
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
    # The body is read, so that the server does not find its answer cut off; not all of a large one.
    await reader.read(_MOST_BODY if length is None else min(length, _MOST_BODY))
    return int(words[1])


def _failed(target: Target, error: Exception, connected: bool) -> str:
    if isinstance(error, ConnectionResetError):
        return "read: connection reset by peer"
    if isinstance(error, OSError) and not connected:
        return refusal(target.host, target.port, error)
    return str(error) or type(error).__name__


def _insecure() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
