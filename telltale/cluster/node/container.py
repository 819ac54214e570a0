"""One container's life: started, watched, probed, stopped, started again.

It is told what to do by its pod, and tells its pod what became of it. Never: the order among
containers, or whether to try again (see `decide`).
"""

import asyncio
import contextlib
import logging
import shutil
import signal
from collections.abc import Coroutine
from typing import Protocol

from telltale.cluster.images.image import NoImage
from telltale.cluster.node import ending, hooks
from telltale.cluster.node.checks import Heard, Past, Sort, watch_over
from telltale.cluster.node.commands import Outcome
from telltale.cluster.node.decide import due, policy_of
from telltale.cluster.node.launch import CannotStart, Made, cell_of, make
from telltale.cluster.node.logs import rotate
from telltale.cluster.node.machine import Machine
from telltale.cluster.node.probe import Probed
from telltale.cluster.node.processes import alive, ended, send
from telltale.cluster.node.record import Record, Run
from telltale.cluster.node.restart import Patience, pause_after
from telltale.cluster.node.runtime import Cell, RuntimeFailed, exit_of, unmount_root
from telltale.cluster.node.sources import Placed
from telltale.cluster.node.status import stamp
from telltale.kube.core import Container, ContainerState, Probe, Running, Terminated, Waiting
from telltale.lib.moment import parse_rfc3339
from telltale.lib.tasks import Tasks

log = logging.getLogger(__name__)

_CONFIG_RETRY_S = 10.0
_LEAST_AFTER_HOOK_S = 2.0  # the kubelet's: a preStop that took all the grace still leaves this
_KILL_S = 10.0
_START_FAILED = 128


class Pod(Protocol):
    """What a container's life needs of its pod's."""

    machine: Machine
    record: Record
    tasks: Tasks
    stopping: asyncio.Event

    @property
    def placed(self) -> Placed: ...
    def keep(self, run: Run) -> None:
        """Remember and report it, and go on."""

    def note(
        self, reason: str, message: str, container: str = "", *, warning: bool = False
    ) -> None:
        """Record an event."""


class ContainerLife:
    def __init__(self, pod: Pod, container: Container) -> None:
        self._pod = pod
        self._machine = pod.machine
        self.container = container
        self._watching: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._killing = False

    @property
    def run(self) -> Run:
        return self._pod.record.runs[self.container.name]

    @property
    def lost(self) -> bool:
        """It ran, its watcher is gone, and left no word of its end."""
        return self.run.running and not alive(self.run.watcher) and exit_of(self._cell()) is None

    async def clear(self) -> None:
        """Kill what may still run of it and take its root away; its log stays."""
        if self.run.id:
            send(self.run.watcher, signal.SIGKILL)  # nobody is to write down how it ends
            await self._machine.runtime.remove(self._cell())
            await asyncio.to_thread(unmount_root, self._cell())

    def rotate_log(self, most_bytes: int) -> None:
        """Blocking."""
        if self.run.running:
            cell = self._cell()
            rotate(cell.log, cell.control, most_bytes)

    async def start(self) -> None:
        """One try. However it ends, the pod's record says so afterwards."""
        run = self.run
        if run.state.waiting and run.state.waiting.reason == "ErrImagePull":
            self._back_off_image(run)
            return
        again = run.state.terminated is not None
        if again:
            run = run.but(attempt=run.attempt + 1, last=run.state)
        try:
            async with self._machine.starts:
                made = await make(self._machine, self._pod.placed, self.container, run.attempt)
                await self._go(run, made)
        except CannotStart as error:
            self._cannot(run, error)

    def adopt(self) -> None:
        """It was started by a supervisor before us: watch it; it may have ended meanwhile."""
        self._watch(_age(self.run, self._machine.now()))

    def look_again(self) -> None:
        """An image that was missing may have been imported."""
        run = self.run
        if run.state.waiting and run.state.waiting.reason == "ImagePullBackOff" and run.retry_at:
            with contextlib.suppress(NoImage):
                self._machine.images.find(self.container.image)
                self._pod.keep(run.but(retry_at=0.0))

    async def stop(self, grace_s: float) -> None:
        """Hook, SIGTERM, and after the grace SIGKILL. Returns when it is gone."""
        self._end_probes()
        if self._watching is None:
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        lifecycle = self.container.lifecycle
        if self.run.running and lifecycle and lifecycle.pre_stop and grace_s > 0:
            if failed := await hooks.run(lifecycle.pre_stop, self._probed(), grace_s):
                self._note("FailedPreStopHook", f"PreStopHook failed: {failed}", warning=True)
            grace_s = max(_LEAST_AFTER_HOOK_S, grace_s - (clock() - began))
        if grace_s > 0:
            send(self.run.process, signal.SIGTERM)
            await asyncio.wait({self._watching}, timeout=grace_s)
        self.kill()
        await asyncio.wait({self._watching}, timeout=_KILL_S)
        if not self._watching.done():
            log.warning("container %s does not die", self.run.id)
            await self._machine.runtime.remove(self._cell())

    def kill(self) -> None:
        """At once."""
        if self._watching and not self._watching.done():
            send(self.run.process, signal.SIGKILL)

    async def _go(self, run: Run, made: Made) -> None:
        self._note("Pulled", f'Container image "{self.container.image}" already present on machine')
        self._note("Created", f"Created container: {self.container.name}")
        run = run.but(
            id=made.cell.id, image=made.image.name, image_id=made.image.id,
            conmon=made.watcher.pid, conmon_since=made.watcher.since,
            pid=made.process.pid, pid_since=made.process.since,
            pause_s=run.pause_s if run.state.terminated else None, retry_at=0.0,
        )  # fmt: skip
        try:
            await self._machine.runtime.start(made.cell)
        except RuntimeFailed as error:
            await self._machine.runtime.remove(made.cell)
            await asyncio.to_thread(unmount_root, made.cell)
            raise CannotStart("RunContainerError", str(error)) from error
        self._note("Started", f"Started container {self.container.name}")
        started_at = stamp(self._machine.now())
        lifecycle, failed = self.container.lifecycle, ""
        if lifecycle and lifecycle.post_start:
            grace_s = float(self._pod.record.pod.spec.termination_grace_period_seconds)
            work = hooks.run(lifecycle.post_start, self._probed(made.cell), max(60.0, grace_s))
            failed = await _unless(self._pod.stopping, work) or ""
        started = self.container.startup_probe is None
        self._pod.keep(
            run.but(
                state=ContainerState(running=Running(started_at=started_at)),
                started=started,
                ready=started and self.container.readiness_probe is None,
            )
        )
        self._watch(age_s=0.0)
        if failed:
            self._note("FailedPostStartHook", f"PostStartHook failed: {failed}", warning=True)
            self._restart("FailedPostStartHook", None)

    def _cannot(self, run: Run, error: CannotStart) -> None:
        now = self._machine.now()
        if error.reason == "RunContainerError":
            self._note("Failed", f"Error: {error}", warning=True)
            end = Terminated(
                exit_code=_START_FAILED, reason="StartError", message=str(error),
                started_at=stamp(now), finished_at=stamp(now),
            )  # fmt: skip
            self._over(run, ContainerState(terminated=end), 0.0)
            return
        waiting = ContainerState(waiting=Waiting(reason=error.reason, message=str(error)))
        if error.reason == "ErrImagePull":
            image, limits = self.container.image, self._machine.settings.restart
            self._note("Failed", f'Failed to pull image "{image}": {error}', warning=True)
            self._note("Failed", "Error: ErrImagePull", warning=True)
            before = run.pause_s if run.state.waiting else None
            pause = min(max((before or 0.0) * limits.factor, limits.first_s), limits.most_s)
            self._pod.keep(run.but(state=waiting, pause_s=pause, retry_at=now + 1.0))
            return
        self._note("Failed", f"Error: {error}", warning=True)
        self._pod.keep(run.but(state=waiting, retry_at=now + _CONFIG_RETRY_S))

    def _back_off_image(self, run: Run) -> None:
        words = f'Back-off pulling image "{self.container.image}"'
        self._note("BackOff", words)
        self._note("Failed", "Error: ImagePullBackOff", warning=True)
        cause = run.state.waiting.message if run.state.waiting else ""
        waiting = Waiting(reason="ImagePullBackOff", message=f"{words}: ErrImagePull: {cause}")
        retry_at = self._machine.now() + (run.pause_s or 0.0)
        self._pod.keep(run.but(state=ContainerState(waiting=waiting), retry_at=retry_at))

    def _watch(self, age_s: float) -> None:
        self._killing = False
        name = self.container.name
        self._watching = self._pod.tasks.once(f"container {name}", self._see_out())
        probes = (
            self.container.startup_probe, self.container.readiness_probe,
            self.container.liveness_probe,
        )  # fmt: skip
        if any(probes):
            self._probing = self._pod.tasks.once(f"probes of {name}", self._probe(age_s))

    async def _see_out(self) -> None:
        """Waits for the container's end, says how it was, and clears its place."""
        run, cell = self.run, self._cell()
        await ended(run.watcher)
        self._end_probes()
        end = exit_of(cell)
        if end is None:  # conmon was killed: nobody reads the container's output any more
            await self._machine.runtime.remove(cell)
        state = await asyncio.to_thread(ending.terminated, self.container, run, cell, end)
        self._over(self.run, state, _age(run, self._machine.now() if end is None else end.at))
        await self._machine.runtime.remove(cell)
        await asyncio.to_thread(_clear, cell, run.attempt)

    def _over(self, run: Run, state: ContainerState, ran_s: float) -> None:
        """It has ended; when may it be started again?"""
        settings = self._machine.settings
        patience = Patience(settings.restart, settings.restart_reset_s)
        before = run.pause_s if run.attempt else None
        pause = pause_after(patience, before, ran_s)
        run = run.but(
            state=state, started=False, ready=False,
            pause_s=pause, retry_at=self._machine.now() + pause,
        )  # fmt: skip
        policy = policy_of(self._pod.record.pod, self.container)
        if pause and due(run, policy) and not self._pod.stopping.is_set():
            meta = self._pod.record.pod.metadata
            where = f"{meta.name}_{meta.namespace}({meta.uid})"
            words = f"Back-off restarting failed container {run.name} in pod {where}"
            self._note("BackOff", words, warning=True)
        self._pod.keep(run)

    async def _probe(self, age_s: float) -> None:
        past = Past(age_s, self.run.started, self.run.ready)
        await watch_over(self._probed(), past, self._heard)

    def _heard(self, heard: Heard) -> None:
        run = self.run
        if not run.running or self._pod.stopping.is_set():
            return
        if not heard.result.passed:
            words = f"{heard.sort} probe failed: {heard.result.message}"
            self._note("Unhealthy", words, warning=True)
        if heard.fatal:
            probe = (
                self.container.startup_probe
                if heard.sort is Sort.STARTUP
                else self.container.liveness_probe
            )
            self._restart(f"failed {heard.sort.lower()} probe", probe)
        elif heard.changed and heard.sort is Sort.STARTUP:
            self._pod.keep(run.but(started=True, ready=self.container.readiness_probe is None))
        elif heard.changed and heard.sort is Sort.READINESS:
            self._pod.keep(run.but(ready=heard.good))

    def _restart(self, why: str, probe: Probe | None) -> None:
        """Kill it; the pod will start it again by its policy."""
        if self._killing:
            return
        self._killing = True
        name = self.container.name
        self._note("Killing", f"Container {name} {why}, will be restarted")
        grace = self._pod.record.pod.spec.termination_grace_period_seconds
        if probe and probe.termination_grace_period_seconds is not None:
            grace = probe.termination_grace_period_seconds
        self._pod.tasks.once(f"kill {name}", self.stop(float(grace)))

    def _end_probes(self) -> None:
        if self._probing:
            self._probing.cancel()

    def _probed(self, cell: Cell | None = None) -> Probed:
        cell = cell or self._cell()

        async def exec(command: tuple[str, ...], timeout_s: float) -> Outcome:
            return await self._machine.runtime.exec(cell, command, timeout_s)

        placed = self._pod.placed
        address = placed.host if placed.pod.spec.host_network else placed.address
        return Probed(self.container, address, exec)

    def _cell(self) -> Cell:
        return cell_of(self._machine, self._pod.record.pod, self.container.name, self.run.attempt)

    def _note(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._pod.note(reason, message, self.container.name, warning=warning)


def _age(run: Run, now: float) -> float:
    running = run.state.running
    if running is None or running.started_at is None:
        return 0.0
    return max(0.0, now - parse_rfc3339(running.started_at).timestamp())


def _clear(cell: Cell, attempt: int) -> None:
    """Its root goes; the files of the run before the last one go. Blocking."""
    unmount_root(cell)
    for old in cell.folder.parent.iterdir():
        if old.name.isdecimal() and int(old.name) < attempt - 1:
            shutil.rmtree(old, ignore_errors=True)


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, str]) -> str | None:
    """The work's result; None when `stop` came first, and the work was broken off."""
    async with asyncio.TaskGroup() as group:
        main = group.create_task(work)
        guard = group.create_task(stop.wait())
        await asyncio.wait({main, guard}, return_when=asyncio.FIRST_COMPLETED)
        guard.cancel()
        main.cancel()
    return None if main.cancelled() else main.result()
