"""What one can ask of an API server: typed reads, JSON writes, watches.

Never: retries, or the meaning of a kind. Raises `errors.ApiError`.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from telltale.kube import codec
from telltale.kube.codec import Json, Object
from telltale.kube.errors import from_status
from telltale.kube.kinds import Kind
from telltale.kube.transport import Request, Response, Transport, error_of

T = TypeVar("T")


class Patch(StrEnum):
    """How a patch is to be read: its content type."""

    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    JSON = "application/json-patch+json"
    APPLY = "application/apply-patch+yaml"


class Change(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"


@dataclass(frozen=True, slots=True)
class Watched(Generic[T]):
    """One event of a watch; a bookmark has no object, only a version."""

    change: Change
    object: T | None
    version: str


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    items: list[T]
    version: str


class Client:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.calls = 0

    async def get(self, kind: Kind[T], name: str, namespace: str = "") -> T:
        return codec.decode(kind.shape, await self.raw("GET", kind.path(namespace, name)))

    async def list(
        self, kind: Kind[T], namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> Listing[T]:
        query = _query(labelSelector=labels, fieldSelector=fields)
        body = codec.parse_object(await self.raw("GET", kind.path(namespace), query))
        items = codec.dig(body, "items", default=[])
        version = codec.dig(body, "metadata", "resourceVersion", default="")
        return Listing(codec.convert(list[kind.shape], items), str(version))  # type: ignore[name-defined]

    async def create(self, kind: Kind[T], object: Object, *, dry_run: bool = False) -> T:
        namespace = str(codec.dig(object, "metadata", "namespace", default=""))
        query = _query(dryRun="All" if dry_run else "")
        body = codec.encode({"apiVersion": kind.api_version, "kind": kind.kind, **object})
        return codec.decode(kind.shape, await self.raw("POST", kind.path(namespace), query, body))

    async def replace(self, kind: Kind[T], object: Object, *, subresource: str = "") -> T:
        meta = codec.dig(object, "metadata", default={})
        path = kind.path(
            str(codec.dig(meta, "namespace", default="")),
            str(codec.dig(meta, "name", default="")),
            subresource,
        )
        body = codec.encode({"apiVersion": kind.api_version, "kind": kind.kind, **object})
        return codec.decode(kind.shape, await self.raw("PUT", path, {}, body))

    async def patch(
        self,
        kind: Kind[T],
        name: str,
        patch: Json,
        *,
        namespace: str = "",
        how: Patch = Patch.MERGE,
        subresource: str = "",
    ) -> T:
        path = kind.path(namespace, name, subresource)
        query = _query(fieldManager="telltale" if how is Patch.APPLY else "")
        return codec.decode(
            kind.shape, await self.raw("PATCH", path, query, codec.encode(patch), content_type=how)
        )

    async def delete(
        self, kind: Kind[T], name: str, namespace: str = "", *, options: Object | None = None
    ) -> None:
        body = codec.encode(options) if options else b""
        await self.raw("DELETE", kind.path(namespace, name), {}, body)

    async def watch(
        self,
        kind: Kind[T],
        version: str,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        timeout_s: int = 0,
    ) -> AsyncIterator[Watched[T]]:
        """Events after `version`, until the server ends the stream. Raises `Gone`: too old."""
        query = _query(
            watch="true", allowWatchBookmarks="true", resourceVersion=version,
            labelSelector=labels, fieldSelector=fields,
            timeoutSeconds=str(timeout_s) if timeout_s else "",
        )  # fmt: skip
        self.calls += 1
        request = Request("GET", kind.path(namespace), query)
        async for line in self._transport.lines(request):
            if line.strip():
                yield _watched(kind, line)

    async def lines(
        self, path: str, query: Mapping[str, str] | None = None
    ) -> AsyncIterator[bytes]:
        """The lines of a streamed answer: a log that is followed."""
        self.calls += 1
        async for line in self._transport.lines(Request("GET", path, query or {})):
            yield line

    async def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        content_type: str = "application/json",
    ) -> bytes:
        """The body of the answer, whatever it is; raises what an answer of 400 and up means."""
        self.calls += 1
        answer: Response = await self._transport.send(
            Request(method, path, query or {}, body, content_type)
        )
        if answer.code >= 400:
            raise error_of(answer.code, answer.body)
        return answer.body


def _query(**given: str) -> dict[str, str]:
    return {key: value for key, value in given.items() if value}


def _watched(kind: Kind[T], line: bytes) -> Watched[T]:
    event = codec.parse_object(line)
    body = event.get("object")
    if event.get("type") == "ERROR":
        code = codec.dig(body, "code", default=500)
        raise from_status(code if isinstance(code, int) else 500, body)
    change = Change(str(event.get("type")))
    version = str(codec.dig(body, "metadata", "resourceVersion", default=""))
    if change is Change.BOOKMARK:
        return Watched(change, None, version)
    return Watched(change, codec.convert(kind.shape, body), version)
