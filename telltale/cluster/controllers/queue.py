"""Keys waiting to be looked at: each at most once, never two workers on one key.

Never: more entries than there are objects; what is asked for twice is done once.
"""

import asyncio

from telltale.kube.meta import Ref


class Queue:
    def __init__(self) -> None:
        self._waiting: dict[Ref, None] = {}
        self._busy: set[Ref] = set()
        self._again: set[Ref] = set()
        self._timers: dict[Ref, asyncio.TimerHandle] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, key: Ref) -> None:
        if key in self._busy:
            self._again.add(key)  # it changed while it was being looked at
        else:
            self._waiting[key] = None
            self._filled.set()

    def later(self, key: Ref, delay_s: float) -> None:
        """Add it after a while; the earliest of several wishes counts."""
        loop = asyncio.get_running_loop()
        known = self._timers.get(key)
        if known is not None:
            if known.when() <= loop.time() + delay_s:
                return
            known.cancel()
        self._timers[key] = loop.call_later(delay_s, self._due, key)

    async def take(self) -> Ref:
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        key = next(iter(self._waiting))
        del self._waiting[key]
        self._busy.add(key)
        return key

    def done(self, key: Ref) -> None:
        self._busy.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _due(self, key: Ref) -> None:
        self._timers.pop(key, None)
        self.add(key)
