"""A pod's status on its way to the API: newest state wins, written at once, tried until it is in.

Never: what the status says.
"""

import asyncio
import logging
from typing import Protocol

from telltale.cluster.node.machine import Machine
from telltale.cluster.node.record import Record
from telltale.cluster.node.status import View, status
from telltale.kube.client import Patch
from telltale.kube.codec import Object, dig
from telltale.kube.core import Pod
from telltale.kube.errors import Conflict, NotFound
from telltale.kube.kinds import POD
from telltale.kube.meta import Condition

log = logging.getLogger(__name__)


class Told(Protocol):
    """The pod that is reported on."""

    record: Record
    object: Pod
    stopping: asyncio.Event


class Report:
    """Set `dirty` when something changed; `run` writes, `send` writes once and now."""

    def __init__(self, machine: Machine, told: Told) -> None:
        self._machine = machine
        self._told = told
        self._sent: Object = {}
        self._before: dict[str, Condition] = {}
        self.dirty = asyncio.Event()
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        while True:
            await self.dirty.wait()
            self.dirty.clear()
            try:
                await self.send()
            except BaseException:
                self.dirty.set()  # not lost: whoever runs us again sends it
                raise

    async def send(self) -> None:
        """Raises `ApiError` when the API cannot be told; that the pod is gone is no error."""
        async with self._turn:  # an older state must not arrive after a newer one
            await self._send()

    async def _send(self) -> None:
        if not self._before:
            self._before = {one.type: one for one in self._told.object.status.conditions}
        body = status(self._view())
        if body == self._sent:
            return
        meta = self._told.record.pod.metadata
        patch: Object = {"metadata": {"uid": meta.uid}, "status": {**body, **_whole(body)}}
        try:
            await self._machine.client.patch(
                POD, meta.name, patch, namespace=meta.namespace,
                how=Patch.STRATEGIC, subresource="status",
            )  # fmt: skip
        except (NotFound, Conflict) as error:  # gone, or another pod has its name by now
            log.debug("status of %s/%s not taken: %s", meta.namespace, meta.name, error)
        self._sent = body
        self._before = _conditions(body)

    def _view(self) -> View:
        return View(
            self._told.record, self._told.object, str(self._machine.settings.address),
            self._machine.now(), self._told.stopping.is_set(), self._before,
        )  # fmt: skip


def _whole(body: Object) -> Object:
    """Addresses replace those of an earlier sandbox; a strategic patch would keep both."""
    addresses = body.get("podIPs")
    return {"podIPs": [*addresses, {"$patch": "replace"}]} if isinstance(addresses, list) else {}


def _conditions(body: Object) -> dict[str, Condition]:
    """What was said, as far as the next report needs it."""
    listed = body["conditions"]
    found = [
        Condition(
            type=str(dig(one, "type")),
            status=str(dig(one, "status")),
            last_transition_time=str(dig(one, "lastTransitionTime")),
        )
        for one in (listed if isinstance(listed, list) else [])
    ]
    return {one.type: one for one in found}
