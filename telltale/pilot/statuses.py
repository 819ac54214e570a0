"""Writing what the pilot says of objects into their status: a loop without a rule.

No leader is chosen among several pilots, for every write is the same one whoever makes it: it is
made only when the object does not say so already, with the version that was looked at (a race is
lost by the later), and once for each thing to say: when somebody overwrites it, the pilot does not
insist. So a pilot of another version is never fought, and none has to wait for a lease to run out.
Never: what is said.
"""

import asyncio
import logging

from telltale.kube.client import Client
from telltale.kube.codec import Object
from telltale.kube.errors import ApiError, Conflict, Unavailable
from telltale.kube.meta import Config
from telltale.lib.clock import Clock
from telltale.lib.moment import rfc3339
from telltale.lib.topic import Topic
from telltale.pilot.intake.status import About, Statuses, settled
from telltale.pilot.watch import Current

log = logging.getLogger(__name__)

PAUSE_S = 0.02  # between two writes: at most fifty in a second
AGAIN_S = 0.5  # after a race that was lost; the watch brings the winner's version until then


class Writer:
    """`run` writes what `told` says, newest first of all."""

    def __init__(
        self, client: Client, current: Current, told: Topic[Statuses], clock: Clock
    ) -> None:
        self._client = client
        self._current = current
        self._told = told
        self._clock = clock
        self._said: dict[About, tuple[str, Object]] = {}  # by object: its uid, and what was said

    async def run(self) -> None:
        seen = -1
        while True:
            seen, told = await self._told.after(seen)
            if await self.write(told):
                seen -= 1
                await asyncio.sleep(AGAIN_S)

    async def write(self, told: Statuses) -> bool:
        """Say everything that is not said yet; whether something has to be tried again."""
        self._said = {about: one for about, one in self._said.items() if about in told}
        lost = False
        for about, status in told.items():
            object = self._object(about)
            if object and self._said.get(about) != (object.metadata.uid, status):
                lost |= not await self._write(about, object, status)
        return lost

    def _object(self, about: About) -> Config | None:
        return self._current.configs.get(about.kind, {}).get((about.namespace, about.name))

    async def _write(self, about: About, object: Config, status: Object) -> bool:
        made = settled(object.status, status, rfc3339(self._clock.now()))
        if made is not None:
            version = object.metadata.resource_version
            patch: Object = {"metadata": {"resourceVersion": version}, "status": made}
            try:
                await self._client.patch(
                    about.kind, about.name, patch,
                    namespace=about.namespace, subresource="status",
                )  # fmt: skip
            except Conflict:
                return False
            except Unavailable:
                raise
            except ApiError as error:
                name = f"{about.kind.kind} {about.namespace}/{about.name}"
                log.warning("the status of %s was not taken: %s", name, error)
            await asyncio.sleep(PAUSE_S)
        self._said[about] = object.metadata.uid, status
        return True
