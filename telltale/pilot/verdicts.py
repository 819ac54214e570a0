"""Keeps what is to be said of every object up to date: a loop that follows the push.

Never: what is said (`intake.reconciled`, and the readers of each kind), or writing it (`statuses`).
"""

import asyncio

from telltale.lib.topic import Topic
from telltale.pilot.intake import reconciled
from telltale.pilot.intake.status import Statuses
from telltale.pilot.push import Push
from telltale.pilot.watch import Current

PAUSE_S = 1.0  # between two rounds: pods come and go in swarms, and a verdict can wait


class Verdicts:
    """`statuses` is for the writer."""

    def __init__(self, push: Push, current: Current) -> None:
        self._push = push
        self._current = current
        self.statuses: Topic[Statuses] = Topic({})

    async def run(self) -> None:
        seen = -1
        while True:
            seen, _ = await self._push.changed.after(seen)
            self.judge()
            await asyncio.sleep(PAUSE_S)

    def judge(self) -> None:
        configs = {kind: known.values() for kind, known in self._current.configs.items()}
        found = {**reconciled.statuses(configs, self._push.problems), **self._push.said}
        if found != self.statuses.value:
            self.statuses.publish(found)
