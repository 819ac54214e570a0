"""A kind kept current: list, watch with bookmarks, and on a gap list again and compare.

Never: the meaning of a change. A gap loses no deletion: what is missing after a relist is deleted,
and so is what came back under its name as another object.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Generic, Protocol, TypeVar

from telltale.kube.client import Change, Client, Watched
from telltale.kube.kinds import Kind
from telltale.kube.meta import Meta, Ref
from telltale.lib.topic import Topic

log = logging.getLogger(__name__)


class HasMeta(Protocol):
    @property
    def metadata(self) -> Meta: ...


T = TypeVar("T", bound=HasMeta)
Key = tuple[str, str]  # namespace, name
Listener = Callable[[Change, T], None]


class Informer(Generic[T]):
    """`run()` keeps `objects` true; `listeners` hear every change, in order, after it is stored."""

    def __init__(
        self,
        client: Client,
        kind: Kind[T],
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._labels = labels
        self._fields = fields
        self.kind = kind
        self.objects: dict[Key, T] = {}
        self.listeners: list[Listener[T]] = []
        self.synced: Topic[bool] = Topic(False)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self.objects.values()))

    def get(self, name: str, namespace: str = "") -> T | None:
        return self.objects.get((namespace, name))

    def ref(self, object: T) -> Ref:
        return Ref(self.kind.kind, object.metadata.namespace, object.metadata.name)

    async def run(self) -> None:
        """List, then watch until the stream ends or breaks; the caller's loop runs it again."""
        listing = await self._client.list(
            self.kind, self._namespace, labels=self._labels, fields=self._fields
        )
        self._replace(listing.items)
        if not self.synced.value:
            self.synced.publish(True)
        version = listing.version
        while True:
            async for event in self._watch(version):
                version = event.version or version
                if event.object is not None:
                    self._apply(event.change, event.object)

    async def wait_synced(self) -> None:
        while not self.synced.value:
            await self.synced.after(self.synced.version)

    def _watch(self, version: str) -> AsyncIterator[Watched[T]]:
        return self._client.watch(
            self.kind, version, self._namespace,
            labels=self._labels, fields=self._fields, timeout_s=300,
        )  # fmt: skip

    def _replace(self, items: list[T]) -> None:
        fresh = {_key(item): item for item in items}
        for key, before in list(self.objects.items()):
            now = fresh.get(key)
            if now is None or now.metadata.uid != before.metadata.uid:
                self._apply(Change.DELETED, before)
        for key, item in fresh.items():
            known = self.objects.get(key)
            if known is None:
                self._apply(Change.ADDED, item)
            elif known.metadata.resource_version != item.metadata.resource_version:
                self._apply(Change.MODIFIED, item)

    def _apply(self, change: Change, object: T) -> None:
        if change is Change.DELETED:
            self.objects.pop(_key(object), None)
        else:
            self.objects[_key(object)] = object
        for listener in self.listeners:
            listener(change, object)


def _key(object: HasMeta) -> Key:
    return object.metadata.namespace, object.metadata.name
