"""`pilot-agent proxy`: builds the parts, and lives from the start of Envoy to its end.

Start order: answer on :15020, Envoy, watch; so the first probe is already told the truth. The
drain's rules are drain.py's.
Never: starting Envoy twice, or ending while Envoy runs.
"""

import asyncio
import logging
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from telltale.agent import h1, process
from telltale.agent.admin import Admin, AdminError
from telltale.agent.dns.feed import Feed
from telltale.agent.dns.nds import Node
from telltale.agent.dns.proxy import Proxy
from telltale.agent.drain import ACTIVE_FILTER, Act, Asked, Phase, active_connections, pulse, step
from telltale.agent.settings import Settings, SettingsError
from telltale.agent.status import Life, Status
from telltale.agent.watch import Watch
from telltale.lib.clock import Clock
from telltale.lib.tasks import supervise

log = logging.getLogger(__name__)

PULSE_S = 0.2


async def run(settings: Settings, clock: Clock) -> int:
    """The exit code: 0 when asked to go, Envoy's (never 0) when it ended by itself. Raises
    SettingsError.
    """
    try:
        listening = h1.listen(settings.ports.status)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise SettingsError(f"cannot listen on port {settings.ports.status}: {why}") from None
    asked: asyncio.Queue[Asked] = asyncio.Queue(maxsize=16)
    life = Life()
    loop = asyncio.get_running_loop()
    envoy = process.start(settings, partial(asked.put_nowait, Asked.EXITED))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, asked, life, number.name)
    loop.add_signal_handler(signal.SIGCHLD, envoy.reap)
    admin = Admin(settings.ports.admin)
    watch = Watch(settings.target, settings.resolv_conf, admin, clock)
    names = _names(settings, watch)
    proxy = Proxy(names, watch.conf, clock) if names else None
    status = Status(settings, watch, envoy, life, asked, dns=proxy)
    log.info("Envoy %s started for %s", envoy.pid, settings.node_id)
    async with supervise() as tasks:
        tasks.start("status server", partial(h1.serve, listening, status.respond))
        tasks.start("watch", watch.loop)
        if names and proxy and settings.dns_port:
            tasks.start("name table", names.loop)
            tasks.start("DNS proxy", partial(proxy.serve, settings.dns_port))
        return await _live(settings, Parts(envoy, admin, life, clock), asked)


def _names(settings: Settings, watch: Watch) -> Feed | None:
    if settings.dns_port is None:
        return None
    node = Node(settings.node_id, settings.cluster, settings.metadata)
    return Feed(settings.target, node, settings.domain, watch.conf)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the course of a life acts upon."""

    envoy: process.Envoy
    admin: Admin
    life: Life
    clock: Clock


async def _live(settings: Settings, parts: Parts, asked: "asyncio.Queue[Asked]") -> int:
    phase, began = Phase.SERVING, 0.0
    parts.envoy.reap()  # it may have ended before anyone listened for SIGCHLD
    while True:
        event = await _next(asked, phase, began, settings, parts)
        if event is None:
            continue
        before, (phase, acts) = phase, step(phase, event)
        if phase is not before:
            log.info("%s: %s, now %s", settings.pod, event.value, phase)
            parts.life.leaving = parts.life.leaving or f"{event.value}, {phase}"
        if Act.DRAIN in acts:
            began = parts.clock.monotonic()
            await _drain(parts.admin, everything=settings.router)
        if Act.STOP_ENVOY in acts:
            await parts.envoy.stop()
        if phase is Phase.STOPPING:
            return (
                _ended(settings, parts.envoy)
                if event is Asked.EXITED and before is Phase.SERVING
                else 0
            )


async def _next(
    asked: "asyncio.Queue[Asked]", phase: Phase, began: float, settings: Settings, parts: Parts
) -> Asked | None:
    if phase is not Phase.DRAINING:
        return await asked.get()
    with suppress(TimeoutError):
        async with asyncio.timeout(PULSE_S):
            return await asked.get()
    try:
        stats = await parts.admin.stats(ACTIVE_FILTER)
        active = active_connections(stats, settings.ports.prometheus, settings.ports.health)
    except AdminError:
        active = None
    return pulse(parts.clock.monotonic() - began, active, settings.drain)


async def _drain(admin: Admin, *, everything: bool) -> None:
    try:
        await admin.drain(everything=everything)
    except AdminError as error:
        log.warning("Envoy was not told to drain: %s", error)


def _ended(settings: Settings, envoy: process.Envoy) -> int:
    reason = f"Envoy exited with error: {envoy.ending}"
    log.error(reason)
    with suppress(OSError):
        settings.termination_log.write_text(reason + "\n")
    return envoy.code or 1


def _stop(asked: "asyncio.Queue[Asked]", life: Life, name: str) -> None:
    life.leaving = life.leaving or f"{name} received, draining"
    with suppress(asyncio.QueueFull):
        asked.put_nowait(Asked.STOP)
