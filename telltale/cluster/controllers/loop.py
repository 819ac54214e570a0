"""The one loop of all controllers: take a key, reconcile, apply; after a failure again later.

Never: a rule about any kind.
"""

import logging
from dataclasses import dataclass, field

from telltale.cluster.controllers.apply import Apply
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.queue import Queue
from telltale.cluster.controllers.view import View
from telltale.kube.errors import ApiError, Conflict
from telltale.kube.meta import Ref
from telltale.lib.backoff import Backoff
from telltale.lib.clock import Clock
from telltale.lib.tasks import Tasks, describe

log = logging.getLogger(__name__)

_BACKOFF = Backoff(first_s=0.02, most_s=30.0)


@dataclass
class Loop:
    """One controller at work on the shared view."""

    controller: Controller
    view: View
    apply: Apply
    clock: Clock
    queue: Queue = field(default_factory=Queue)
    failures: dict[Ref, int] = field(default_factory=dict)

    def listen(self) -> None:
        """Hear the shelves; before they are filled, so that every object is looked at once."""
        for subscribe in self.controller.hears:
            subscribe(self.view, self.queue.add)

    def start(self, tasks: Tasks) -> None:
        for number in range(self.controller.at_once):
            tasks.start(f"controller {self.controller.name} {number}", self.work)

    async def work(self) -> None:
        while True:
            key = await self.queue.take()
            try:
                await self._look(key)
            finally:
                self.queue.done(key)

    async def _look(self, key: Ref) -> None:
        try:
            self.view.now = self.clock.now()
            again = await self.apply.all(self.controller.reconcile(self.view, key))
        except Conflict:
            self._retry(key)
        except ApiError as error:
            self.view.failed[key] = error.message
            self._retry(key)
            log.info("%s %s: %s", self.controller.name, key, error)
        except Exception as error:  # one object that cannot be reconciled must not stop the others
            self._retry(key)
            log.warning("%s %s: %s", self.controller.name, key, describe(error), exc_info=True)
        else:
            self.failures.pop(key, None)
            if self.view.failed.pop(key, None) is not None:
                self.queue.later(key, 0)
            if again is not None:
                self.queue.later(key, again)

    def _retry(self, key: Ref) -> None:
        failures = self.failures[key] = self.failures.get(key, 0) + 1
        self.queue.later(key, _BACKOFF.delay(failures))
