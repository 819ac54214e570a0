"""A command in a container, run to its end through the API: pods/exec over a WebSocket.

The protocol is v4.channel.k8s.io, which every API server speaks (and v5 where it is offered). Each
message begins with its channel: 1 stdout, 2 stderr, 3 the result. Never: stdin, or a terminal.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from telltale.kube import codec, errors
from telltale.kube.codec import Json, Malformed, dig
from telltale.kube.kinds import POD
from telltale.kube.transport import Server, token_of

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDOUT, _STDERR, _RESULT = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Place:
    """A container of a pod."""

    namespace: str
    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command said, and its exit code."""

    stdout: bytes
    stderr: str
    code: int


async def run(server: Server, place: Place, command: Sequence[str], limit_s: float = 30) -> Ended:
    """Raises `ApiError` when the command could not be run, `Unavailable` when it does not end."""
    query = [("container", place.container), ("stdout", "true"), ("stderr", "true")]
    query += [("command", word) for word in command]
    url = server.url + POD.path(place.namespace, place.pod, "exec")
    headers = {"Authorization": f"Bearer {token}"} if (token := token_of(server)) else {}
    connector = aiohttp.TCPConnector(ssl=server.tls or False)
    said = f"{command[0]} in {place.namespace}/{place.pod}"
    try:
        async with (
            asyncio.timeout(limit_s),
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(
                url, params=query, headers=headers, protocols=PROTOCOLS, max_msg_size=0
            ) as socket,
        ):
            return await _collect(socket)
    except aiohttp.WSServerHandshakeError as error:
        message = f"cannot run {said}: the API server answered {error.status}"
        raise errors.from_status(error.status, {"message": message}) from error
    except TimeoutError as error:
        raise errors.Unavailable(f"{said} did not end within {limit_s:.0f} s") from error
    except (aiohttp.ClientError, OSError) as error:
        raise errors.Unavailable(f"cannot run {said}: {error}") from error


async def _collect(socket: aiohttp.ClientWebSocketResponse) -> Ended:
    parts: dict[int, list[bytes]] = {_STDOUT: [], _STDERR: [], _RESULT: []}
    async for message in socket:
        if message.type is aiohttp.WSMsgType.BINARY and message.data:
            channel = message.data[0]
            parts.get(channel, []).append(message.data[1:])
            if channel == _RESULT and message.data[1:]:
                break  # some servers leave the socket open after it
    stderr = b"".join(parts[_STDERR]).decode(errors="replace")
    return Ended(b"".join(parts[_STDOUT]), stderr, _code(b"".join(parts[_RESULT])))


def _code(result: bytes) -> int:
    """The exit code. Raises what a failure that is none of the command's own means."""
    if not result:
        raise errors.Unavailable("the connection broke before the command ended")
    try:
        status: Json = codec.parse(result)
    except Malformed as error:
        raise errors.Unavailable(f"the result of the command cannot be read: {error}") from error
    if dig(status, "status") == "Success":
        return 0
    causes = dig(status, "details", "causes", default=[])
    for cause in causes if isinstance(causes, list) else []:
        if dig(cause, "reason") == "ExitCode":
            return int(str(dig(cause, "message", default="1")))
    code = dig(status, "code", default=500)
    raise errors.from_status(code if isinstance(code, int) else 500, status)
