"""Keys, objects, and one growing number: what is, what was a moment ago, and what changed.

A write is on disk before anyone can see it. Never: a kind; who may write; HTTP.
"""

from collections.abc import Callable

import orjson

from telltale.cluster.store.journal import Journal, Row
from telltale.cluster.store.stored import Index, Key, Stored
from telltale.cluster.store.watches import Change, Event, Forgotten, Log
from telltale.kube import codec
from telltale.kube.codec import Object
from telltale.lib.clock import Clock

WINDOW_S = 300.0  # etcd's and kine's compaction window
MOST_CHANGES = 10_000  # a resource; older ones are forgotten early

Indexer = Callable[[str, Object], Index]  # resource, object


class Stale(Exception):
    """The object is not at the revision that the writer has read."""


class Store:
    """All objects in memory, every change in the journal. One writer: the event loop."""

    def __init__(self, journal: Journal, clock: Clock, indexer: Indexer) -> None:
        self._journal = journal
        self._clock = clock
        self._index = indexer
        self._objects: dict[str, dict[tuple[str, str], Stored]] = {}
        self._logs: dict[str, Log] = {}
        self._forgotten = journal.compacted()
        self.revision = self._forgotten
        self._load()

    def get(self, key: Key) -> Stored | None:
        return self._objects.get(key.resource, {}).get((key.namespace, key.name))

    def all(self, resource: str, namespace: str = "") -> list[Stored]:
        """By namespace and name; an empty namespace means every one."""
        found = self._objects.get(resource, {})
        return [found[key] for key in sorted(found) if not namespace or key[0] == namespace]

    def all_at(self, resource: str, namespace: str, revision: int) -> list[Stored]:
        """As `all` answered when `revision` was the newest. Raises `Forgotten`."""
        if revision >= self.revision:
            return self.all(resource, namespace)
        found = dict(self._objects.get(resource, {}))
        for change in reversed(self.log(resource).since(revision)):
            place = change.stored.key[1:]
            if change.before is None:
                found.pop(place, None)
            else:
                found[place] = change.before
        return [found[key] for key in sorted(found) if not namespace or key[0] == namespace]

    def log(self, resource: str) -> Log:
        """The recent changes of a resource."""
        found = self._logs.get(resource)
        if found is None:
            found = self._logs[resource] = Log(self._forgotten)
        return found

    def put(self, key: Key, object: Object, expected: int | None) -> Stored:
        """Create (`expected` None) or replace. Raises `Stale`, `StoreUnusable`: nothing changed."""
        before = self._expect(key, expected)
        revision = self.revision + 1
        stored = Stored(
            key, revision, before.created if before else revision,
            _body(object, revision), self._index(key.resource, object),
        )  # fmt: skip
        event = Event.MODIFIED if before else Event.ADDED
        self._write(Change(event, stored, before, self._clock.monotonic()))
        return stored

    def remove(self, key: Key, object: Object, expected: int) -> Stored:
        """Delete; `object` is its last state. Raises `Stale` and `StoreUnusable`."""
        before = self._expect(key, expected)
        revision = self.revision + 1
        assert before, "only what is there is removed"
        stored = Stored(key, revision, before.created, _body(object, revision), before.index)
        self._write(Change(Event.DELETED, stored, before, self._clock.monotonic()))
        return stored

    def compact(self, window_s: float = WINDOW_S) -> int:
        """Forget changes older than the window; the number of rows dropped from disk."""
        oldest = self._clock.monotonic() - window_s
        obsolete: list[int] = []
        for log in self._logs.values():
            for change in log.forget(oldest, MOST_CHANGES):
                if change.before:
                    obsolete.append(change.before.revision)
                if change.event is Event.DELETED:
                    obsolete.append(change.stored.revision)
        if obsolete:
            self._forgotten = max(log.forgotten for log in self._logs.values())
            self._journal.compact(self._forgotten, obsolete)
        return len(obsolete)

    async def checkpoint(self) -> None:
        await self._journal.checkpoint()

    def stop(self) -> None:
        """End every watch; reads and writes go on."""
        for log in self._logs.values():
            log.stop()

    def close(self) -> None:
        self.stop()
        self._journal.close()

    def _expect(self, key: Key, expected: int | None) -> Stored | None:
        found = self.get(key)
        if (found.revision if found else None) != expected:
            raise Stale(f"{key.resource} {key.name}")
        return found

    def _write(self, change: Change) -> None:
        stored = change.stored
        self._journal.append(
            Row(
                stored.revision,
                *stored.key,
                stored.created,
                change.event is Event.DELETED,
                stored.body,
            )
        )
        self._apply(change)

    def _apply(self, change: Change) -> None:
        stored = change.stored
        objects = self._objects.setdefault(stored.key.resource, {})
        place = (stored.key.namespace, stored.key.name)
        if change.event is Event.DELETED:
            objects.pop(place, None)
        else:
            objects[place] = stored
        self.revision = stored.revision
        self.log(stored.key.resource).add(change)

    def _load(self) -> None:
        """The journal's rows again, in order: what is, and the history that was not compacted."""
        now = self._clock.monotonic()
        for row in self._journal.rows():
            key = Key(row.resource, row.namespace, row.name)
            object = codec.parse_object(row.body)
            stored = Stored(
                key, row.revision, row.created, row.body, self._index(row.resource, object)
            )
            before = self.get(key)
            event = Event.DELETED if row.deleted else Event.MODIFIED if before else Event.ADDED
            self._apply(Change(event, stored, before, now))
        for log in self._logs.values():
            log.forgotten = self._forgotten
        self.revision = max(self.revision, self._forgotten)


def _body(object: Object, revision: int) -> bytes:
    meta = object["metadata"]
    assert isinstance(meta, dict), "every object has metadata"
    meta["resourceVersion"] = str(revision)
    return orjson.dumps(object)


__all__ = ["Forgotten", "Stale", "Store"]
