"""Structured concurrency: loops that restart with back-off, and stop together.

Never: a task that outlives the block it was started in.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

from telltale.lib.backoff import Backoff

log = logging.getLogger(__name__)

Loop = Callable[[], Awaitable[None]]


class Tasks:
    """What `supervise` yields: start loops that live as long as the block."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._running: set[asyncio.Task[None]] = set()

    def start(self, name: str, loop: Loop, backoff: Backoff | None = None) -> asyncio.Task[None]:
        """Run `loop` until the block ends; when it fails, say so and run it again after a pause."""
        return self._add(name, _restart(name, loop, backoff or Backoff()))

    def once(self, name: str, work: Awaitable[None]) -> asyncio.Task[None]:
        """Run `work` once; its failure is logged and ends only itself."""
        return self._add(name, _contained(name, work))

    def cancel(self) -> None:
        for task in self._running:
            task.cancel()

    def _add(self, name: str, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._group.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task


@asynccontextmanager
async def supervise() -> AsyncIterator[Tasks]:
    """A block whose tasks are cancelled, and waited for, when it is left."""
    async with asyncio.TaskGroup() as group:
        tasks = Tasks(group)
        try:
            yield tasks
        finally:
            tasks.cancel()


async def until_signalled(work: Coroutine[None, None, None]) -> None:
    """Run a process's work until it ends, or a signal (TERM, INT) cancels it; raises as it does."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(work)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)


async def _restart(name: str, loop: Loop, backoff: Backoff) -> None:
    failures = 0
    clock = asyncio.get_running_loop().time
    while True:
        began = clock()
        try:
            await loop()
            return
        except Exception as error:
            failures = 1 if clock() - began > 60 else failures + 1
            pause = backoff.delay(failures)
            log.warning("%s failed, again in %.1f s: %s", name, pause, describe(error))
            log.debug("%s", name, exc_info=True)
            await asyncio.sleep(pause)


async def _contained(name: str, work: Awaitable[None]) -> None:
    try:
        await work
    except Exception as error:
        log.warning("%s failed: %s", name, describe(error))
        log.debug("%s", name, exc_info=True)


def describe(error: BaseException) -> str:
    """An error in one line, groups opened; never empty."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(describe(inner) for inner in error.exceptions)
    return str(error) or type(error).__name__
