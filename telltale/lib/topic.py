"""One latest value to many waiters: newest state wins, nothing is queued.

Never: an unbounded queue, or a missed last value.
"""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Topic(Generic[T]):
    """A value that changes; `after(version)` waits for a newer one."""

    def __init__(self, value: T) -> None:
        self.value = value
        self.version = 0
        self._changed = asyncio.Event()

    def publish(self, value: T) -> None:
        self.value = value
        self.version += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def after(self, version: int) -> tuple[int, T]:
        """The newest version above `version` with its value; waits until there is one."""
        while self.version <= version:
            await self._changed.wait()
        return self.version, self.value
