"""Events as the kubelet writes them: a repeated one is counted, a flood is dammed.

Recording never waits and never fails; `run` writes. Never: an unbounded queue, or a lost loop.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace

from telltale.kube.client import Client
from telltale.kube.codec import Object
from telltale.kube.core import Pod
from telltale.kube.errors import ApiError, NotFound
from telltale.kube.events import EventNames
from telltale.kube.kinds import EVENT
from telltale.lib.clock import Clock, Ids
from telltale.lib.moment import rfc3339

log = logging.getLogger(__name__)

_MOST_WAITING, _MOST_KNOWN = 1000, 4096
_BURST, _REFILL_S = 25.0, 300.0  # the kubelet's: 25 at once for an object, then one in 5 minutes


@dataclass(frozen=True, slots=True)
class Note:
    """What happened to a pod, or to one container of it."""

    pod: Pod
    reason: str
    message: str
    warning: bool = False
    container: str = ""  # its field path: spec.containers{app}

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.pod.metadata.uid, self.container, self.reason, self.message


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class _Allowance:
    left: float
    at: float


class Events:
    def __init__(self, client: Client, clock: Clock, ids: Ids, node: str) -> None:
        self._client = client
        self._clock = clock
        self._names = EventNames(clock, ids)
        self._node = node
        self._waiting: asyncio.Queue[Note] = asyncio.Queue(_MOST_WAITING)
        self._known: OrderedDict[tuple[str, str, str, str], _Known] = OrderedDict()
        self._allowed: OrderedDict[str, _Allowance] = OrderedDict()

    def record(self, note: Note) -> None:
        if not self._allow(note.pod.metadata.uid):
            return
        try:
            self._waiting.put_nowait(note)
        except asyncio.QueueFull:
            log.warning("too many events waiting, dropped: %s %s", note.reason, note.message)

    async def run(self) -> None:
        while True:
            note = await self._waiting.get()
            try:
                await self._write(note)
            except ApiError as error:
                log.debug("event %s of %s not written: %s", note.reason, note.pod, error)

    def _allow(self, uid: str) -> bool:
        now = self._clock.monotonic()
        held = self._allowed.pop(uid, _Allowance(_BURST, now))
        left = min(_BURST, held.left + (now - held.at) / _REFILL_S)
        self._allowed[uid] = _Allowance(max(0.0, left - 1.0) if left >= 1.0 else left, now)
        while len(self._allowed) > _MOST_KNOWN:
            self._allowed.popitem(last=False)
        return left >= 1.0

    async def _write(self, note: Note) -> None:
        known = self._known.pop(note.key, None)
        if known is not None:
            known = await self._again(note, replace(known, count=known.count + 1))
        self._known[note.key] = known or await self._first(note)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    async def _again(self, note: Note, known: _Known) -> _Known | None:
        """None when the event has been forgotten by the API meanwhile."""
        patch: Object = {"count": known.count, "lastTimestamp": rfc3339(self._clock.now())}
        try:
            await self._client.patch(
                EVENT, known.name, patch, namespace=note.pod.metadata.namespace
            )
        except NotFound:
            return None
        return known

    async def _first(self, note: Note) -> _Known:
        meta, now = note.pod.metadata, rfc3339(self._clock.now())
        name = self._names.next(meta.name)
        involved: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": meta.namespace,
            "name": meta.name,
            "uid": meta.uid,
            "resourceVersion": meta.resource_version,
        }
        if note.container:
            involved["fieldPath"] = note.container
        event: Object = {
            "metadata": {"name": name, "namespace": meta.namespace},
            "involvedObject": involved,
            "reason": note.reason,
            "message": note.message[:1024],
            "type": "Warning" if note.warning else "Normal",
            "source": {"component": "kubelet", "host": self._node},
            "reportingComponent": "kubelet",
            "reportingInstance": self._node,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self._client.create(EVENT, event)
        return _Known(name, 1)
