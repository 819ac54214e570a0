"""Keeps an eye on the way to the pilot: walks it while Envoy has no stream, remembers what it met
and since when.

One loop; everybody else reads its latest view. Never: deciding readiness from memory (each probe
asks Envoy anew).
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from telltale.agent.admin import Admin, AdminError
from telltale.agent.readiness import Numbers
from telltale.agent.resolv_conf import ResolvConf, read_resolv_conf
from telltale.agent.settings import Target
from telltale.agent.stage import Known, Stage, Standing, Story, Walked, stand
from telltale.agent.walk import walk
from telltale.lib.clock import Clock

log = logging.getLogger(__name__)

HOSTS = Path("/etc/hosts")
UNREADY_S = 1.0  # pause between looks until the first configuration
STEADY_S = 3.0  # and after it
FIRST_S = 0.5  # a healthy Envoy is connected by then, and no walk is made at all
QUICK_S = 1.0  # a step of the first walk: somebody waits for a first answer
NOW_S = 1.1  # a walk made because somebody asks ends within this
FRESH_S = 3.0  # what a walk met this long ago is news enough for who asks


@dataclass(frozen=True, slots=True)
class View:
    """What is known of the way. `numbers` None: Envoy's admin page does not answer, `deaf` says
    how.
    """

    story: Story
    numbers: Numbers | None
    deaf: str | None
    nameserver: str
    address: str | None
    last_nack: str | None
    warmed: bool


class Watch:
    def __init__(self, target: Target, resolv_conf: Path, admin: Admin, clock: Clock) -> None:
        self._target = target
        self._resolv_conf = resolv_conf
        self._admin = admin
        self._clock = clock
        self._walked: Walked | None = None
        self._walked_at = 0.0
        self._walking = asyncio.Lock()
        self._story = Story(Standing(Stage.RESOLVE), clock.now())
        self._address: str | None = None
        self._nack: str | None = None
        self._rejected = 0
        self._warmed = False
        self.walks = 0

    async def loop(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            view = await self.look()
            if view.numbers is None or not view.numbers.connected:
                await self._walk(None if self._walked else QUICK_S)
                view = await self.look()
            elif self._address is None:
                self._address = await self._admin.upstream("xds-grpc")
            settled = view.numbers is not None and view.numbers.configured
            await asyncio.sleep(STEADY_S if settled else UNREADY_S)

    async def now(self) -> View:
        """As `look`; when Envoy has no stream and no walk is fresh, one is made first, in 1.1 s."""
        view = await self.look()
        if (view.numbers and view.numbers.connected) or self._fresh():
            return view
        with suppress(TimeoutError):
            async with asyncio.timeout(NOW_S):
                await self._walk(QUICK_S)
        return await self.look()

    async def look(self) -> View:
        """Envoy's numbers of this moment, judged with the newest walk. Never raises for a silent
        Envoy.
        """
        try:
            numbers, deaf = await self._admin.numbers(), None
            await self._learn(numbers)
        except AdminError as error:
            numbers, deaf = None, str(error)
        self._tell(self._standing(numbers, deaf), walks=0)
        nameserver = (self._walked and self._walked.nameserver) or self.conf().nameservers[0]
        return View(self._story, numbers, deaf, nameserver, self._address, self._nack, self._warmed)

    def _standing(self, numbers: Numbers | None, deaf: str | None) -> Standing:
        known = Known(str(self._target), self._walked, self._warmed, self._nack)
        standing = stand(numbers or Numbers(), known)
        if numbers is None and standing.stage is Stage.SUBSCRIBE:
            return Standing(standing.stage, deaf)  # the way is free, it is Envoy that does not go
        return standing

    def _fresh(self) -> bool:
        return self._walked is not None and self._clock.monotonic() - self._walked_at < FRESH_S

    async def _walk(self, step_s: float | None) -> None:
        """One at a time; who waited for another's walk has its result."""
        began = self.walks
        async with self._walking:
            if self.walks == began:
                await self._go(step_s)

    async def _go(self, step_s: float | None) -> None:
        self._walked = await walk(self._target, self.conf(), step_s=step_s)
        self._walked_at = self._clock.monotonic()
        self._address = self._walked.address
        self.walks += 1
        self._story = replace(self._story, attempts=self._story.attempts + 1)

    async def _learn(self, numbers: Numbers) -> None:
        """Fetch the text of a rejection when the count has grown, and until it is taken back."""
        if numbers.rejected > self._rejected or self._nack:
            self._nack = await self._admin.last_nack()
        self._rejected = numbers.rejected
        self._warmed = self._warmed or (numbers.configured and numbers.warming == 0)
        if numbers.connected:
            self._walked = None  # what a walk met before the connection says nothing about its loss

    def _tell(self, standing: Standing, walks: int) -> None:
        before = self._story.standing
        self._story = self._story.then(standing, self._clock.now(), walks)
        if standing.error and standing != before and self._walked is not None:
            log.warning("the way to pilot %s, %s", self._target, standing)
        elif standing.stage is Stage.SERVE and before.stage is not Stage.SERVE:
            log.info("connected to pilot %s, configuration is in use", self._target)

    def conf(self) -> ResolvConf:
        """Read anew each time: the files are the kubelet's to change."""
        return read_resolv_conf(_text(self._resolv_conf), _text(HOSTS))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
