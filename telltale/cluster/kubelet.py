"""What the API server may ask of the node: a pod's logs, a command, a port, its own settings.

Never: how. `cluster.node` implements it; `cluster.run` hands it to `cluster.api`.
"""

from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from telltale.kube.codec import Object


@dataclass(frozen=True, slots=True)
class LogRequest:
    namespace: str
    pod: str
    container: str
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: float | None = None
    limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ExecRequest:
    namespace: str
    pod: str
    container: str
    command: tuple[str, ...]
    stdin: bool = False
    tty: bool = False


class Streams(Protocol):
    """The far end of a command: kubectl."""

    async def read(self) -> bytes:
        """Bytes of stdin; empty when it is closed."""
        ...

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Bytes for stdout, or stderr."""
        ...

    async def resized(self) -> tuple[int, int]:
        """Waits for the next terminal size: columns, rows."""
        ...


class Kubelet(Protocol):
    """Raises `kube.errors.ApiError` when the container is not there, or has not started."""

    def logs(self, request: LogRequest) -> AsyncIterator[bytes]: ...

    async def exec(self, request: ExecRequest, streams: Streams) -> int:
        """Runs the command and returns its exit code."""
        ...

    async def connect(
        self, namespace: str, pod: str, port: int
    ) -> tuple[StreamReader, StreamWriter]:
        """A TCP connection to a port of the pod's own loopback. Raises `OSError` too."""
        ...

    def configuration(self) -> Object:
        """What it runs with, in the words of kubelet.config.k8s.io/v1beta1."""
        ...
