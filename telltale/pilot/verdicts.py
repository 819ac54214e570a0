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
            await self.judge()
            await asyncio.sleep(PAUSE_S)

    async def judge(self) -> None:
        configs = self._push.noticed(
            {kind: tuple(known.values()) for kind, known in self._current.configs.items()}
        )
        said = self._push.said
        # In a thread: a large mesh takes a while, and the push has proxies to serve.
        problems = await asyncio.to_thread(lambda: self._push.problems)
        found = {**said, **reconciled.statuses(configs, problems)}
        found = {about: {**said.get(about, {}), **status} for about, status in found.items()}
        if found != self.statuses.value:
            self.statuses.publish(found)
