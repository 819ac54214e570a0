"""Events as controllers write them: the same thing said again is one event with a higher count.

Never: holding up who tells it; when the API is slower than the telling, the oldest are dropped.
"""

import asyncio
from collections import OrderedDict, deque

from telltale.cluster.controllers.action import Tell
from telltale.kube.client import Client
from telltale.kube.codec import Object
from telltale.kube.errors import ApiError, NotFound
from telltale.kube.events import EventNames
from telltale.kube.kinds import EVENT
from telltale.lib.clock import Clock, Ids
from telltale.lib.moment import rfc3339

_WAITING_MOST = 1000
_KNOWN_MOST = 2000


class Recorder:
    """`tell` never waits; `run` writes."""

    def __init__(self, client: Client, clock: Clock, ids: Ids) -> None:
        self._client = client
        self._clock = clock
        self._names = EventNames(clock, ids)
        self._waiting: deque[Tell] = deque(maxlen=_WAITING_MOST)
        self._known: OrderedDict[Tell, tuple[str, int]] = OrderedDict()
        self._told = asyncio.Event()

    def tell(self, event: Tell) -> None:
        self._waiting.append(event)
        self._told.set()

    async def run(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            while self._waiting:
                try:
                    await self._write(self._waiting.popleft())
                except ApiError:
                    continue  # an event is never worth a retry: its namespace may be going

    async def _write(self, event: Tell) -> None:
        name, count = self._known.get(event, ("", 0))
        if name:
            patch: Object = {"count": count + 1, "lastTimestamp": rfc3339(self._clock.now())}
            try:
                namespace = event.about.namespace or "default"
                await self._client.patch(EVENT, name, patch, namespace=namespace)
            except NotFound:
                name = ""
        if not name:
            name, count = await self._create(event), 0
        self._known[event] = (name, count + 1)
        self._known.move_to_end(event)
        if len(self._known) > _KNOWN_MOST:
            self._known.popitem(last=False)

    async def _create(self, event: Tell) -> str:
        about, moment = event.about, rfc3339(self._clock.now())
        name = self._names.next(about.name)
        namespace = about.namespace or "default"
        body: Object = {
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {
                "apiVersion": about.api_version, "kind": about.kind, "name": about.name,
                "namespace": about.namespace, "uid": about.uid,
            },
            "reason": event.reason,
            "message": event.message,
            "type": event.type,
            "source": {"component": event.source},
            "reportingComponent": event.source,
            "reportingInstance": "",
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
        }  # fmt: skip
        await self._client.create(EVENT, body)
        return name
