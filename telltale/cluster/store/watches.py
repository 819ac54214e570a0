"""The recent changes of one resource, for those who ask "what since revision N?".

Watchers hold a place, not a queue: a slow one costs nothing and, once the changes it has not read
are forgotten, is told so. Never: filtering, or the meaning of a body.
"""

import asyncio
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

from telltale.cluster.store.stored import Stored


class Event(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Forgotten(Exception):
    """Changes right after `asked` are no longer known; the oldest known come after `oldest`."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")


@dataclass(frozen=True, slots=True)
class Change:
    """What happened at `stored.revision`; `before` is what was there until then."""

    event: Event
    stored: Stored
    before: Stored | None
    at: float  # monotonic seconds
    _lines: dict[Event, bytes] = field(default_factory=dict, compare=False, repr=False)

    def line(self, event: Event) -> bytes:
        """The watch event as sent; made once, the same bytes for every watcher."""
        found = self._lines.get(event)
        if found is None:
            found = b'{"type":"%b","object":%b}\n' % (event.value.encode(), self.stored.body)
            self._lines[event] = found
        return found


class Log:
    """Changes in the order of their revisions; `forgotten` is the highest one dropped."""

    def __init__(self, forgotten: int) -> None:
        self.forgotten = forgotten
        self.stopped = False
        self._changes: list[Change] = []
        self._revisions: list[int] = []
        self._grown = asyncio.Event()

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def newest(self) -> int:
        """The revision of the last change."""
        return self._revisions[-1] if self._revisions else self.forgotten

    def add(self, change: Change) -> None:
        self._changes.append(change)
        self._revisions.append(change.stored.revision)
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def since(self, revision: int) -> list[Change]:
        """Every change after `revision`. Raises `Forgotten`."""
        if revision < self.forgotten:
            raise Forgotten(revision, self.forgotten)
        return self._changes[bisect_right(self._revisions, revision) :]

    async def wait(self, revision: int) -> list[Change]:
        """The changes after `revision`, as soon as there is one; none once stopped.

        Raises `Forgotten`.
        """
        while not (found := self.since(revision)) and not self.stopped:
            await self._grown.wait()
        return found

    def forget(self, older_than: float, most: int) -> list[Change]:
        """Drop, and return, changes from before `older_than`, and the oldest above `most`."""
        keep = len(self._changes)
        while keep and self._changes[len(self._changes) - keep].at < older_than:
            keep -= 1
        gone = len(self._changes) - min(keep, most)
        if gone:
            self.forgotten = self._revisions[gone - 1]
            dropped, self._changes = self._changes[:gone], self._changes[gone:]
            del self._revisions[:gone]
            return dropped
        return []

    def stop(self) -> None:
        """Nobody waits any longer: the store is closing."""
        self.stopped = True
        self._grown.set()
