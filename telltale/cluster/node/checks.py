"""The probes of one running container, each on its own beat: startup first, then the others.

What it finds it tells the listener. Never: what is done about it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from telltale.cluster.node import health
from telltale.cluster.node.health import Health
from telltale.cluster.node.probe import Probed, Result, check
from telltale.kube.core import Probe


class Sort(StrEnum):
    STARTUP = "Startup"
    READINESS = "Readiness"
    LIVENESS = "Liveness"


@dataclass(frozen=True, slots=True)
class Heard:
    """One result: `good` is what stands after it, `changed` whether that is news.

    `fatal`: the container is to be killed.
    """

    sort: Sort
    result: Result
    good: bool
    changed: bool = False
    fatal: bool = False


Listener = Callable[[Heard], None]


@dataclass(frozen=True, slots=True)
class Past:
    """What is known already: seconds since the container began, and how it stood then."""

    age_s: float = 0.0
    started: bool = False
    ready: bool = False


async def watch_over(probed: Probed, past: Past, listener: Listener) -> None:
    """Probes the container until cancelled, or until it is to be killed."""
    container, start = probed.container, asyncio.get_running_loop().time() - past.age_s
    if container.startup_probe and not past.started:
        beat = _Beat(Sort.STARTUP, container.startup_probe, probed, start)
        if not await beat.run(Health(), listener, until_good=True):
            return
    async with asyncio.TaskGroup() as group:
        if container.liveness_probe:
            beat = _Beat(Sort.LIVENESS, container.liveness_probe, probed, start)
            group.create_task(beat.run(Health(good=True), listener))
        if container.readiness_probe:
            beat = _Beat(Sort.READINESS, container.readiness_probe, probed, start)
            group.create_task(beat.run(Health(good=past.ready), listener))


@dataclass(frozen=True, slots=True)
class _Beat:
    """One probe in its period. The first check is right after the initial delay, none is random."""

    sort: Sort
    probe: Probe
    probed: Probed
    start: float  # when the container began, in the loop's time

    async def run(self, state: Health, listener: Listener, *, until_good: bool = False) -> bool:
        """False when the container is to be killed."""
        clock = asyncio.get_running_loop().time
        due = max(clock(), self.start + self.probe.initial_delay_seconds)
        while True:
            await asyncio.sleep(max(0.0, due - clock()))
            result = await check(self.probe, self.probed)
            before, state = state, health.after(state, self.probe, result.passed)
            fatal = self.sort is not Sort.READINESS and health.exhausted(state, self.probe)
            listener(Heard(self.sort, result, state.good, state.good is not before.good, fatal))
            if fatal:
                return False
            if until_good and state.good:
                return True
            due = max(clock(), due + max(1, self.probe.period_seconds))
