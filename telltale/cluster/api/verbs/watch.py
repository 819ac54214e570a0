"""watch: what changes from a revision on, as lines. Never: a change of anything."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson

from telltale.cluster.api import present
from telltale.cluster.api.core import Core
from telltale.cluster.api.objects import meta
from telltale.cluster.api.present import Events
from telltale.cluster.api.request import Call, Stream
from telltale.cluster.api.selectors import Selection
from telltale.cluster.api.verbs.options import revision
from telltale.cluster.api.verbs.read import selection_of, too_large
from telltale.cluster.store.watches import Change, Event, Forgotten
from telltale.kube import errors
from telltale.kube.codec import Object

BOOKMARK_S = 30.0
LONGEST_S = 3600


def watch(core: Core, call: Call) -> Stream:
    """The stream of events. Raises what can be said before it begins."""
    ask = call.ask
    selection = selection_of(core, call)
    events = Events(core, call, present.form(ask))
    version = ask.one("resourceVersion")
    asked = revision(version) if version else 0
    initial = ask.true("sendInitialEvents")
    if initial and ask.one("resourceVersionMatch") != "NotOlderThan":
        raise errors.Invalid(
            'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden:'
            " sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        )
    if asked > core.store.revision:
        raise too_large(asked, core.store.revision)
    timeout = ask.one("timeoutSeconds")
    seconds = float(timeout) if timeout.isdigit() and int(timeout) else LONGEST_S
    watching = _Watching(core, call, selection, events, ask.true("allowWatchBookmarks"))
    return Stream(watching.lines(asked, initial or not asked, seconds))


@dataclass(frozen=True, slots=True)
class _Watching:
    core: Core
    call: Call
    selection: Selection
    events: Events
    bookmarks: bool

    async def lines(self, start: int, initial: bool, seconds: float) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        if initial:
            start = self.core.store.revision
            if found := self._present():
                yield found
            if self.bookmarks and self.call.ask.true("sendInitialEvents"):
                yield self._bookmark(start, ended=True)
        log = self.core.store.log(self.call.resource.storage)
        bookmarked = clock()
        while (left := until - clock()) > 0 and not log.stopped:
            try:
                pause = min(left, BOOKMARK_S)
                async with asyncio.timeout(pause):
                    changes = await log.wait(start)
            except TimeoutError:
                changes = []
            except Forgotten as error:
                yield _error(errors.Gone(str(error)))
                return
            if changes:
                start = changes[-1].stored.revision
                if lines := b"".join(map(self._line, changes)):
                    yield lines
            elif self.bookmarks and clock() - bookmarked >= min(BOOKMARK_S, seconds):
                start = max(start, self.core.store.revision)
                bookmarked = clock()
                yield self._bookmark(start)

    def _present(self) -> bytes:
        """An ADDED for everything that is there."""
        target = self.call.target
        found = self.core.store.all(target.resource.storage, target.namespace)
        lines = []
        for one in self.selection.of(found):
            if not target.name or one.key.name == target.name:
                line = b'{"type":"ADDED","object":%b}\n' % one.body
                lines.append(line if self.events.as_kept else self.events.line("ADDED", one.body))
        return b"".join(lines)

    def _line(self, change: Change) -> bytes:
        event = self._event(change)
        if event is None:
            return b""
        if event is Event.DELETED and change.event is not Event.DELETED and change.before:
            last = change.before.object()  # it left the selection: what was seen of it last
            meta(last)["resourceVersion"] = str(change.stored.revision)
            return self.events.line(event.value, orjson.dumps(last))
        if self.events.as_kept:
            return change.line(event)
        return self.events.line(event.value, change.stored.body)

    def _event(self, change: Change) -> Event | None:
        """What this watcher sees of a change: an object may enter or leave its selection."""
        target, key = self.call.target, change.stored.key
        if target.namespace and key.namespace != target.namespace:
            return None
        if target.name and key.name != target.name:
            return None
        if self.selection.everything:
            return change.event
        was = change.before is not None and self.selection.holds(change.before.index)
        now = change.event is not Event.DELETED and self.selection.holds(change.stored.index)
        if was and now:
            return Event.MODIFIED
        if now:
            return Event.ADDED
        return Event.DELETED if was else None

    def _bookmark(self, at: int, ended: bool = False) -> bytes:
        resource = self.call.resource
        meta: Object = {"resourceVersion": str(at), "creationTimestamp": None}
        if ended:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        object: Object = {
            "kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta,
        }  # fmt: skip
        if self.events.form is not present.Form.PLAIN:
            return self.events.line("BOOKMARK", orjson.dumps(object))
        return orjson.dumps({"type": "BOOKMARK", "object": object}) + b"\n"


def _error(error: errors.ApiError) -> bytes:
    return orjson.dumps({"type": "ERROR", "object": error.status()}) + b"\n"
