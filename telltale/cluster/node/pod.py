"""One pod's life on this node: volumes, sandbox, containers; and in the end nothing left of it.

A loop that asks `decide` what is next and does it. Never: what is next, or what a status says.
"""

import asyncio
import contextlib
import logging
import math
import shutil

from pyroute2.netlink.exceptions import NetlinkError

from telltale.cluster.node import resolv
from telltale.cluster.node.addresses import NoAddress
from telltale.cluster.node.container import ContainerLife
from telltale.cluster.node.content import draws_on
from telltale.cluster.node.decide import Done, Start, Wait, decide, is_sidecar
from telltale.cluster.node.events import Note
from telltale.cluster.node.launch import sweep
from telltale.cluster.node.machine import Machine
from telltale.cluster.node.record import Record, Run, every_container, save
from telltale.cluster.node.renewal import renewed
from telltale.cluster.node.report import Report
from telltale.cluster.node.sources import Missing, Placed
from telltale.kube.codec import dig
from telltale.kube.core import Pod
from telltale.kube.errors import ApiError, Conflict, NotFound
from telltale.kube.kinds import POD
from telltale.lib.backoff import Backoff
from telltale.lib.tasks import Tasks, describe, supervise

log = logging.getLogger(__name__)

_FORCED_GRACE_S = 1.0  # a pod that is gone from the API: its containers get this
_LOOK_S = 2.0  # how often a missing image is looked for
_SETUP = Backoff(first_s=1.0, most_s=30.0)
_DELETE = Backoff(first_s=0.5, most_s=10.0)
_SYSCTLS = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}


class PodLife:
    """`run()` until the pod is gone. `seen`, `gone` and `sources_changed` bring it the news."""

    tasks: Tasks

    def __init__(self, machine: Machine, record: Record, pod: Pod) -> None:
        self.machine = machine
        self.record = record
        self.object = pod
        self.stopping = asyncio.Event()
        self.known = asyncio.Event()  # what an earlier supervisor left is taken over, and reported
        self.containers = {
            one.name: ContainerLife(self, one) for one in every_container(record.pod)
        }
        self._folder = machine.settings.pods / pod.metadata.uid
        self._report = Report(machine, self)
        self._wake = asyncio.Event()
        self._refresh = asyncio.Event()
        self._failures = 0
        self._grace_s = float(record.pod.spec.termination_grace_period_seconds)
        self._forgotten = False
        self.seen(pod)

    @property
    def uid(self) -> str:
        return self.record.pod.metadata.uid

    @property
    def _name(self) -> str:
        return f"{self.record.pod.metadata.namespace}/{self.record.pod.metadata.name}"

    @property
    def placed(self) -> Placed:
        capacity, host = self.machine.capacity, str(self.machine.settings.address)
        current = self.object if self.object.spec.containers else self.record.pod
        return Placed(current, self.record.address, host, capacity.cpus, capacity.memory_bytes)

    def seen(self, pod: Pod) -> None:
        """The API has this object now."""
        before, self.object = self.object, pod
        if pod.metadata.deletion_timestamp:
            grace = pod.metadata.deletion_grace_period_seconds
            if grace is not None:
                self._grace_s = float(grace)
            self.stopping.set()
        if before.metadata.labels != pod.metadata.labels or (
            before.metadata.annotations != pod.metadata.annotations
        ):
            self._refresh.set()
        self._report.dirty.set()
        self._wake.set()

    def gone(self) -> None:
        """The API has it no more: deleted by force."""
        self._forgotten = True
        if self.stopping.is_set():
            for life in self.containers.values():
                life.kill()
        self._grace_s = min(self._grace_s, _FORCED_GRACE_S)
        self.stopping.set()
        self._wake.set()

    def sources_changed(self, kind: str, name: str) -> None:
        """An object of the namespace changed: volumes follow, and what lacked it tries again."""
        if any((kind, name) in draws_on(one) for one in self.record.pod.spec.volumes):
            self._refresh.set()
        for run in self.record.runs.values():
            waiting = run.state.waiting
            if waiting and waiting.reason == "CreateContainerConfigError":
                self.record = self.record.with_run(run.but(retry_at=0.0))
        self._wake.set()

    def keep(self, run: Run) -> None:
        """Remember and report a container's new state, and go on."""
        self._save(self.record.with_run(run))

    def note(
        self, reason: str, message: str, container: str = "", *, warning: bool = False
    ) -> None:
        """Record an event, of the pod or of one of its containers."""
        init = any(one.name == container for one in self.record.pod.spec.init_containers)
        field = f"spec.{'initContainers' if init else 'containers'}{{{container}}}"
        path = field if container else ""
        self.machine.events.record(Note(self.object, reason, message, warning, path))

    async def run(self) -> None:
        """Returns when the pod is gone from here and from the API. Cancelled: containers go on."""
        async with supervise() as self.tasks:
            self.tasks.start("pod status", self._report.run)
            self.tasks.start("pod volumes", self._keep_volumes)
            await self._take_over()
            with contextlib.suppress(ApiError):
                await self._report.send()
            self.known.set()
            while not self.stopping.is_set():
                await self._advance()
            await self._go_down()

    async def _take_over(self) -> None:
        """What runs already is watched; a sandbox that was lost (a reboot) is made anew."""
        if self.record.networked and not self.record.finished and await self._sandbox_lost():
            self.note("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
            for life in self.containers.values():
                await life.clear()
            self._save(renewed(self.record, self.machine.now()))
        await sweep(self.machine, self.record)
        for life in self.containers.values():
            if life.run.running:
                life.adopt()

    async def _sandbox_lost(self) -> bool:
        """Its network is gone; of a pod without one: what runs has ended, and nobody saw how."""
        if not self.record.pod.spec.host_network:
            return not await asyncio.to_thread(self.machine.network.exists, self.uid)
        return any(life.lost for life in self.containers.values())

    async def _advance(self) -> None:
        """One step, or a wait until there is one."""
        self._wake.clear()
        try:
            if self.record.finished:
                await self._sleep(None)
            elif self._deadline <= self.machine.now():
                await self._overdue()
            elif not self.record.networked:
                await self._settle()
            else:
                await self._step()
            self._failures = 0
        except Missing as error:
            log.info("pod %s waits: %s", self._name, error)
            self.note("FailedMount", str(error), warning=True)
            await self._pause()
        except (OSError, NetlinkError, NoAddress, ApiError) as error:
            words = f"Failed to create pod sandbox: {describe(error)}"
            log.warning("pod %s: %s", self._name, words)
            self.note("FailedCreatePodSandBox", words, warning=True)
            await self._pause()

    async def _settle(self) -> None:
        """Volumes first, as the kubelet does, then the network."""
        await self.machine.volumes.prepare(self.placed, self._folder)
        address = ""
        if not self.record.pod.spec.host_network:
            free = self.machine.addresses.take(self.uid)
            async with self.machine.starts:
                await asyncio.to_thread(
                    self.machine.network.attach, self.uid, free, self._sysctls()
                )
            address = str(free)
        self._save(self.record.but(address=address))
        # The downward API may tell the address, and the pod's own /etc files do.
        await self.machine.volumes.prepare(self.placed, self._folder)
        await asyncio.to_thread(self._write_etc)
        self._save(self.record.but(networked=True))

    async def _step(self) -> None:
        match decide(self.record.pod, self.record.runs, self.machine.now()):
            case Start(container):
                await self.containers[container.name].start()
            case Wait(until):
                await self._sleep(until)
            case Done(succeeded):
                await self._finish("Succeeded" if succeeded else "Failed")

    @property
    def _deadline(self) -> float:
        """When the pod has been active for as long as it may; seconds since the epoch."""
        allowed = self.record.pod.spec.active_deadline_seconds
        return math.inf if allowed is None else self.record.start_time + allowed

    async def _overdue(self) -> None:
        words = "Pod was active on the node longer than the specified deadline"
        self.note("DeadlineExceeded", words)
        self.record = self.record.but(reason="DeadlineExceeded", message=words)
        await self._finish("Failed")

    async def _finish(self, phase: str) -> None:
        """Its work is done: what still runs is stopped, the sandbox goes, logs and record stay."""
        await self._stop_all(self._grace_s)
        await asyncio.to_thread(self.machine.network.detach, self.uid)
        self.machine.addresses.release(self.uid)
        self._save(self.record.but(finished=phase))

    async def _go_down(self) -> None:
        self._report.dirty.set()
        running = [name for name, life in self.containers.items() if life.run.running]
        for name in running:
            self.note("Killing", f"Stopping container {name}", name)
        await self._stop_all(self._grace_s)
        await sweep(self.machine, self.record)
        with contextlib.suppress(ApiError):
            await self._report.send()
        await asyncio.to_thread(self.machine.network.detach, self.uid)
        await self.machine.volumes.remove(self.uid, self._folder)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        self.machine.addresses.release(self.uid)
        await self._delete()

    async def _stop_all(self, grace_s: float) -> None:
        """All containers at once, then the sidecars that served them."""
        sidecars = {one.name for one in self.record.pod.spec.init_containers if is_sidecar(one)}
        for names in (set(self.containers) - sidecars, sidecars):
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(self.containers[name].stop(grace_s))

    async def _delete(self) -> None:
        """The API may forget the pod now; it must hear it, however long it takes."""
        meta, failures = self.record.pod.metadata, 0
        while not self._forgotten:
            try:
                await self.machine.client.delete(
                    POD, meta.name, meta.namespace,
                    options={
                        "kind": "DeleteOptions", "apiVersion": "v1",
                        "gracePeriodSeconds": 0, "preconditions": {"uid": meta.uid},
                    },
                )  # fmt: skip
                return
            except (NotFound, Conflict):  # gone, or another pod has its name by now
                return
            except ApiError as error:
                failures += 1
                log.warning("pod %s/%s not deleted: %s", meta.namespace, meta.name, error)
                await asyncio.sleep(_DELETE.delay(failures))

    async def _keep_volumes(self) -> None:
        """Object volumes follow their objects, and tokens are renewed, while the pod lives."""
        while True:
            due = self.machine.volumes.renew_at(self.uid)
            wait = None if due is None else max(1.0, due - self.machine.now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._refresh.wait()
            self._refresh.clear()
            if self.record.networked and not self.record.finished:
                with contextlib.suppress(Missing):
                    await self.machine.volumes.refresh(self.placed, self._folder)

    async def _pause(self) -> None:
        self._failures += 1
        await self._sleep(self.machine.now() + _SETUP.delay(self._failures))

    async def _sleep(self, until: float | None) -> None:
        """Until something happens or the moment comes."""
        if not self.record.finished and self._deadline < (until or math.inf):
            until = self._deadline
        wait = None if until is None else max(0.0, until - self.machine.now())
        if any(_lacks_image(run) for run in self.record.runs.values()):
            wait = min(wait or _LOOK_S, _LOOK_S)
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            for life in self.containers.values():
                life.look_again()

    def _save(self, record: Record) -> None:
        self.record = record
        save(self._folder, record)
        self._report.dirty.set()
        self._wake.set()

    def _sysctls(self) -> dict[str, str]:
        given = {
            str(dig(one, "name")): str(dig(one, "value"))
            for one in self.record.pod.spec.security_context.sysctls
        }
        return {**_SYSCTLS, **{name: value for name, value in given.items() if name[:4] == "net."}}

    def _write_etc(self) -> None:
        """The files that all containers of the pod share. Blocking."""
        settings, pod = self.machine.settings, self.record.pod
        dns = resolv.Dns(settings.dns_address, settings.cluster_domain, settings.searches)
        files = {
            "resolv.conf": resolv.resolv_conf(pod, dns, self.machine.capacity.resolv_conf),
            "hosts": resolv.hosts(pod, self.record.address, settings.cluster_domain),
            "hostname": f"{resolv.hostname(pod)}\n",
        }
        folder = self._folder / "etc"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o644)


def _lacks_image(run: Run) -> bool:
    return run.state.waiting is not None and run.state.waiting.reason == "ImagePullBackOff"
