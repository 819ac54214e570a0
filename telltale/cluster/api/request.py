"""A request and its answers, whatever carried them. Never: HTTP's own types, or a rule."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from telltale.cluster.api.resources import Resource
from telltale.kube.codec import Object

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class User:
    """Who asks; `groups` as Kubernetes names them."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
MASTER = User("system:admin", ("system:masters", "system:authenticated"))


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; header names in lower case, every value of a query key kept."""

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    user: User = ANONYMOUS

    def one(self, key: str) -> str:
        """The first value of a query key, "" without one."""
        values = self.query.get(key)
        return values[0] if values else ""

    def true(self, key: str) -> bool:
        return self.one(key).lower() in ("true", "1")


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL names; `rest` is the path behind `/proxy`."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request with what it is about."""

    ask: Ask
    target: Target

    @property
    def resource(self) -> Resource:
        return self.target.resource

    @property
    def dry_run(self) -> bool:
        return bool(self.ask.one("dryRun"))


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer without an end of its own: a watch or a log."""

    chunks: AsyncIterator[bytes]
    content_type: str = JSON


class Socket(Protocol):
    """An open WebSocket: binary messages both ways."""

    async def receive(self) -> bytes | None:
        """The next message; None when the far end has closed."""
        ...

    async def send(self, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The connection becomes a WebSocket that speaks one of `protocols`; `run` lives as long."""

    protocols: tuple[str, ...]
    run: Callable[[Socket, str], Awaitable[None]]


Reply = Answer | Stream | Upgrade


def answer(object: Object, code: int = 200) -> Answer:
    return Answer(code, orjson.dumps(object))
