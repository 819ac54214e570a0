"""pods/exec: a command in a container, over a WebSocket (v5.channel.k8s.io).

Each message begins with its channel: 0 stdin, 1 stdout, 2 stderr, 3 the result, 4 terminal size,
255 the channel that is closed. Never: running the command.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import orjson

from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import number, text
from telltale.cluster.api.request import Call, Reply, Socket, Upgrade
from telltale.cluster.api.subresources.door import Door
from telltale.cluster.api.subresources.logs import container_of
from telltale.cluster.api.verbs.update import find
from telltale.cluster.kubelet import ExecRequest, Kubelet
from telltale.kube import codec, errors
from telltale.kube.codec import Malformed, Object

log = logging.getLogger(__name__)

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDIN, _STDOUT, _STDERR, _RESULT, _SIZE, _CLOSE = 0, 1, 2, 3, 4, 255
_CHUNK = 32 * 1024


class Exec:
    def __init__(self, door: Door) -> None:
        self._door = door

    async def exec(self, core: Core, call: Call) -> Reply:
        """What can be refused is refused before the upgrade."""
        ask, target = call.ask, call.target
        pod = find(core, call).object()
        command = ask.query.get("command", ())
        if not command:
            raise errors.BadRequest("you must specify at least 1 command for the container")
        container = container_of(pod, ask.one("container"))
        phase = text(pod, "status", "phase")
        if phase in ("Succeeded", "Failed"):
            said = "cannot exec into a container in a completed pod; current phase is"
            raise errors.BadRequest(f"{said} {phase}")
        if not text(pod, "spec", "nodeName"):
            raise errors.BadRequest(f"pod {target.name} does not have a host assigned")
        kubelet = self._door.open()
        request = ExecRequest(
            target.namespace, target.name, container, command, ask.true("stdin"), ask.true("tty")
        )

        async def run(socket: Socket, protocol: str) -> None:
            await joined(socket, lambda far: _result(kubelet, request, far))

        return Upgrade(PROTOCOLS, run)


class FarEnd:
    """kubectl's side of the streams."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._stdin: asyncio.Queue[bytes] = asyncio.Queue(16)
        self._sizes: asyncio.Queue[tuple[int, int]] = asyncio.Queue(4)

    async def read(self) -> bytes:
        return await self._stdin.get()

    async def write(self, data: bytes, *, error: bool = False) -> None:
        channel = bytes([_STDERR if error else _STDOUT])
        for at in range(0, len(data), _CHUNK):
            await self._socket.send(channel + data[at : at + _CHUNK])

    async def resized(self) -> tuple[int, int]:
        return await self._sizes.get()

    async def listen(self) -> None:
        """Sorts what comes until the far end is gone; a full stdin holds the far end back."""
        while (message := await self._socket.receive()) is not None:
            channel, data = (message[0], message[1:]) if message else (_CLOSE, b"")
            if channel == _STDIN and data:
                await self._stdin.put(data)
            elif channel == _CLOSE and data == bytes([_STDIN]):
                await self._stdin.put(b"")
            elif channel == _SIZE:
                self._resize(data)

    def _resize(self, data: bytes) -> None:
        try:
            size = codec.parse(data)
        except Malformed:
            return
        if self._sizes.full():
            self._sizes.get_nowait()  # only the newest size matters
        self._sizes.put_nowait((number(size, "Width"), number(size, "Height")))


class _Gone(Exception):
    """The far end hung up: the command is ended."""


async def joined(socket: Socket, work: Callable[[FarEnd], Awaitable[Object]]) -> None:
    """Work with the far end's streams until it is done, and say how it ended; or it hangs up."""
    far = FarEnd(socket)

    async def listen() -> None:
        await far.listen()
        raise _Gone

    try:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(listen())
            result = await work(far)
            await socket.send(bytes([_RESULT]) + orjson.dumps(result))
            listening.cancel()
    except* _Gone:
        log.debug("the far end of a command hung up")


async def _result(kubelet: Kubelet, request: ExecRequest, far: FarEnd) -> Object:
    """How it ended, as kubectl reads it."""
    try:
        code = await kubelet.exec(request, far)
    except errors.ApiError as error:
        return error.status()
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
