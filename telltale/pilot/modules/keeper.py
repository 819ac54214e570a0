"""Keeps what is wanted of modules: each fetched once, again after a pause while it cannot be had.

`outcomes` is what came of it. Never: which proxies have it, or what becomes of requests without.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from telltale.kube.cluster import Secret
from telltale.lib.backoff import Backoff
from telltale.lib.topic import Topic
from telltale.model.extension import Code
from telltale.pilot.modules import reach, web
from telltale.pilot.modules.fetch import fetch
from telltale.pilot.modules.shelf import Shelf
from telltale.pilot.modules.wanted import Failure, Outcomes, Wanted
from telltale.pilot.modules.web import shown

log = logging.getLogger(__name__)

AT_ONCE = 4
AGAIN = Backoff(first_s=1.0, most_s=60.0)
LIMIT_S = 30.0  # of one request
_LATE = Failure("it has not come yet", "wait, or look at the pilot's log")


@dataclass(frozen=True, slots=True)
class ModuleSettings:
    """`directory`: where modules outlive the process. `networks`: private ones that may be
    dialled; see `reach`. `first_s`: how long a pilot that begins waits for what it knows already
    to be wanted.
    """

    directory: Path | None = None
    networks: tuple[str, ...] = ()
    first_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Around:
    """What the keeper asks of the rest: whether an address is the mesh's own, and for Secrets."""

    ours: Callable[[str], bool]
    secret: Callable[[str, str], Secret | None]


class Keeper:
    """`run` follows `wanted`, and says `changed` after every change of `outcomes`."""

    def __init__(
        self, settings: ModuleSettings, wanted: Topic[tuple[Wanted, ...]], around: Around,
        changed: Callable[[Outcomes], None],
    ) -> None:  # fmt: skip
        self._settings = settings
        self._wanted = wanted
        self._around = around
        self._changed = changed
        self._shelf = Shelf(settings.directory)
        self._outcomes: dict[Wanted, Code | Failure] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._any = asyncio.Event()

    async def run(self) -> None:
        seen, tasks = -1, dict[Wanted, asyncio.Task[None]]()
        async with web.opened(self._refusal, LIMIT_S) as open_web, asyncio.TaskGroup() as group:
            while True:
                seen, wanted = await self._wanted.after(seen)
                for one in tasks.keys() - {*wanted}:
                    tasks.pop(one).cancel()
                if self._outcomes.keys() - {*wanted}:
                    self._outcomes = {
                        key: one for key, one in self._outcomes.items() if key in wanted
                    }
                    self._changed(self._outcomes)
                for one in wanted:
                    if one not in tasks:
                        tasks[one] = group.create_task(self._have(open_web, one))

    async def first(self, wanted: Iterable[Wanted]) -> None:
        """Until each has been tried, or long enough; what is late then counts as not to be had."""
        needed = {*wanted}
        try:
            async with asyncio.timeout(self._settings.first_s):
                while needed - self._outcomes.keys():
                    self._any.clear()
                    await self._any.wait()
        except TimeoutError:
            for one in needed - self._outcomes.keys():
                self._told(one, _LATE)

    async def _have(self, open_web: web.Web, wanted: Wanted) -> None:
        failures = 0
        while True:
            found = await self._one(open_web, wanted)
            if not isinstance(found, Failure):
                self._told(wanted, found)
                log.info("%s is there, sha256 %s", shown(wanted.url), found.sha256)
                return
            if self._outcomes.get(wanted) != found:
                self._told(wanted, found)
            failures += 1
            await asyncio.sleep(AGAIN.delay(failures))

    async def _one(self, open_web: web.Web, wanted: Wanted) -> Code | Failure:
        async with self._gate:
            kept = await asyncio.to_thread(self._shelf.find, wanted)
            if kept and not wanted.again:
                return kept
            found = await fetch(open_web, self._around.secret, wanted)
            if isinstance(found, Code):
                await asyncio.to_thread(self._shelf.keep, wanted, found)
            return kept if kept and isinstance(found, Failure) else found

    def _told(self, wanted: Wanted, found: Code | Failure) -> None:
        self._outcomes = {**self._outcomes, wanted: found}
        self._any.set()
        self._changed(self._outcomes)

    def _refusal(self, address: str) -> str:
        return reach.refusal(
            address, self._settings.networks, ours=self._around.ours(address)
        )
