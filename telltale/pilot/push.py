"""From changes to snapshots, and to whom they are offered. Newest state wins everywhere.

Two lanes. `whole`: read, plan a class at a time, publish; the first change goes at once, those that
follow within a window that grows with the cost are merged. `parts`: endpoints and pods; only the
load assignments concerned are made anew, nothing is planned. Never: gRPC, HTTP, nonces.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telltale.kube.codec import Object
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config
from telltale.lib.clock import Clock
from telltale.lib.memo import Memo
from telltale.lib.topic import Topic
from telltale.model.change import settled
from telltale.model.keys import EMPTY as NO_KEYS
from telltale.model.mesh import Mesh
from telltale.model.options import Options
from telltale.model.service import Service
from telltale.model.workload import Proxy
from telltale.pilot import lasting
from telltale.pilot.assigned import Assigned
from telltale.pilot.classes import Key
from telltale.pilot.encoded import Encoded
from telltale.pilot.envoy.gateway import secrets as material
from telltale.pilot.intake import discovered, registry, workloads
from telltale.pilot.intake.analysis.every import configuration
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.doors import secrets
from telltale.pilot.intake.entries import members
from telltale.pilot.intake.objects import Objects, kept
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.read import reading
from telltale.pilot.intake.services import host_of
from telltale.pilot.intake.status import Statuses
from telltale.pilot.intake.telemetry.wasmplugins import Known
from telltale.pilot.lasting import Lost
from telltale.pilot.metrics import Metrics
from telltale.pilot.modules.wanted import Wanted
from telltale.pilot.plan import Plans
from telltale.pilot.watch import Current
from telltale.pilot.xds.order import EDS, SDS
from telltale.pilot.xds.resource import make
from telltale.pilot.xds.server import Ended, Offer
from telltale.pilot.xds.snapshot import Snapshot, set_of

log = logging.getLogger(__name__)

WINDOW_S_MIN, WINDOW_S_MAX = 0.002, 0.1
SWEEP_AFTER = 2000  # results: what is found again without asking for it must not be forgotten


@dataclass
class Member:
    """A connected proxy: its class, and where its snapshots appear."""

    proxy: Proxy
    key: Key
    offer: Offer


class Push:
    """`run` follows `current`; `attach` and `detach` come and go with streams."""

    def __init__(self, current: Current, options: Options, clock: Clock, metrics: Metrics) -> None:
        self._current = current
        self._options = options
        self._clock = clock
        self._metrics = metrics
        self._memo = Memo()
        self._lost = Lost()
        self.mesh = Mesh(options=options)
        self._objects = Objects()
        self._told: tuple[Problem, ...] = ()
        self.said: Statuses = {}
        self.made: Topic[tuple[Object, ...]] = Topic(())
        self.wanted: Topic[tuple[Wanted, ...]] = Topic(())
        self.rejected: tuple[Problem, ...] = ()
        self.changed: Topic[None] = Topic(None)
        self.settled: Topic[None] = Topic(None)  # every proxy has been offered what was read
        self.plans = Plans(self.mesh, self._memo)
        self.snapshots: dict[Key, Snapshot] = {}
        self.members: dict[str, Member] = {}
        self._encoded: dict[Key, Encoded] = {}
        self._assigned = Assigned()
        self._keyring = NO_KEYS
        # The objects of which every snapshot is made.
        self.published: Mapping[Kind[Config], tuple[Config, ...]] = {}
        self._ended: Ended | None = None
        self._begun = asyncio.Event()
        self._seen_whole = 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What objects get wrong, what they name that is not there now, what proxies reject."""
        found = configuration(Seen(self._objects, self.mesh))
        return (*self._told, *found, *self.plans.problems(), *self.rejected)

    def noticed(self, configs: discovered.Configs) -> discovered.Configs:
        """Those of namespaces that the mesh takes notice of."""
        return discovered.of(Objects(configs=configs), self._options).configs

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_whole())
            group.create_task(self._follow_parts())

    def attach(self, connection: str, proxy: Proxy) -> Offer:
        """A proxy connects: the snapshot of its class is there at once."""
        key = self.plans.key(proxy)
        if key not in self.snapshots:
            self.snapshots[key] = self.snapshot(key, self._clock.monotonic())
        offer: Offer = Topic(None)
        offer.publish(self._ended or self.snapshots[key])
        self.members[connection] = Member(proxy, key, offer)
        return offer

    def detach(self, connection: str) -> None:
        member = self.members.pop(connection)
        if all(other.key != member.key for other in self.members.values()):
            self.snapshots.pop(member.key, None)

    def end(self, reason: str) -> None:
        """End every stream, and those that still come."""
        self._ended = Ended(reason)
        for member in self.members.values():
            member.offer.publish(self._ended)

    def read(self) -> None:
        """Read everything again. Nothing is published; `run` does that, a class at a time."""
        current = self._current
        self._seen_whole = current.whole.version
        if self._memo.made > SWEEP_AFTER:
            self._memo.sweep()
        current.take_parts()  # all that they tell is in what is read now
        objects = Objects(
            tuple(current.services.values()), tuple(current.slices), tuple(current.pods.values()),
            {kind: tuple(known.values()) for kind, known in current.configs.items()},
            tuple(current.secrets.values()), tuple(current.texts.values()),
            tuple(current.nodes.values()), Known(current.modules, self.mesh.extensions),
        )  # fmt: skip
        self._objects = kept(self._objects, discovered.of(objects, self._options))
        if not self.members:
            self.published = self._objects.configs
        found = reading(self._objects, self._options, self._memo)
        now = self._clock.monotonic()
        mesh, self._lost = lasting.carry(self.mesh, found.mesh, self._lost, now)
        self.mesh = settled(self.mesh, mesh)
        self._told = found.problems
        self.said = found.statuses
        if found.wanted != self.wanted.value:
            self.wanted.publish(found.wanted)
        if found.made != self.made.value:
            self.made.publish(found.made)
        self.changed.publish(None)
        self.plans = self.plans.after(self.mesh)
        self._keyring = secrets.read(current.secrets.values())
        self._assigned.read(self.mesh)
        self._metrics.services.set(len(self.mesh.services))
        self._begun.set()
        for problem in self._told:
            log.warning("%s", problem)

    async def publish(self, since: float) -> None:
        """Bring every class to what was read last; the loop runs between two of them."""
        for connection in list(self.members):
            if member := self.members.get(connection):
                member.key = self.plans.key(member.proxy)
        for key in {member.key for member in self.members.values()}:
            self._settle(key, self.snapshot(key, since))
            await asyncio.sleep(0)
        self.published = self._objects.configs
        keys = {member.key for member in self.members.values()}
        self.snapshots = {key: one for key, one in self.snapshots.items() if key in keys}
        self._encoded = {key: one for key, one in self._encoded.items() if key in keys}
        self._assigned.keep([self.plans.cuts(key) for key in keys])
        self.settled.publish(None)

    def _settle(self, key: Key, made: Snapshot) -> None:
        """Offer a class its snapshot; a client that would see no difference is left alone."""
        old = self.snapshots.get(key)
        if old is None or not made.same_as(old):
            self.snapshots[key] = made
        self._offer(key)

    def _offer(self, key: Key) -> None:
        snapshot = self.snapshots[key]
        for member in self.members.values():
            if member.key == key and member.offer.value is not snapshot and not self._ended:
                member.offer.publish(snapshot)

    async def _follow_whole(self) -> None:
        await self._begun.wait()
        while True:
            since = await self._changed_or_due()
            began = self._clock.monotonic()
            self._metrics.triggers.labels("service").inc()
            self._metrics.inbound.labels("svc").inc()
            self.read()
            await self.publish(since)
            cost = self._clock.monotonic() - began
            self._metrics.context.observe(cost)
            await asyncio.sleep(min(max(2 * cost, WINDOW_S_MIN), WINDOW_S_MAX))

    async def _changed_or_due(self) -> float:
        """Until something changed, or a subset has lasted long enough; when that was seen."""
        now = self._clock.monotonic()
        due = self._lost.until(now)
        try:
            async with asyncio.timeout(None if due is None else due - now):
                return (await self._current.whole.after(self._seen_whole))[1]
        except TimeoutError:
            return self._clock.monotonic()

    async def _follow_parts(self) -> None:
        await self._begun.wait()
        seen = self._current.parts.version
        while True:
            seen, since = await self._current.parts.after(seen)
            self.move(since)
            self.changed.publish(None)

    def move(self, since: float) -> None:
        """Endpoints and pods that changed: what is made of them goes out at once."""
        changed, pods = self._current.take_parts()
        if changed:
            self._metrics.triggers.labels("endpoint").inc()
            self._metrics.inbound.labels("eds").inc(len(changed))
            self._move_endpoints([host for key in changed if (host := self._host(*key))], since)
        if pods:
            self._move_workloads(pods, since)
            self.settled.publish(None)

    def _host(self, namespace: str, name: str) -> Service | None:
        return self.mesh.services.get(host_of(name, namespace, self._options.domain))

    def _move_endpoints(self, services: list[Service], since: float) -> None:
        for service in services:
            slices = self._current.slices.of((service.namespace, service.name))
            behind = registry.behind(self.mesh, service, slices)
            if behind == self.mesh.endpoints.get(service.key):
                continue
            self.mesh = self.mesh.with_endpoints(service.key, behind)
            if not service.discovery.assigned:
                self._current.whole.publish(since)  # its listeners or clusters are made of them
        self.plans.moved(self.mesh)
        self._assign(services, since)

    def _assign(self, services: Iterable[Service], since: float) -> None:
        """The assignments of these services made anew; those that differ go to everyone."""
        if self._assigned.moved(self.mesh, [service.key for service in services]):
            for key, snapshot in self.snapshots.items():
                sets = {**snapshot.sets, EDS: self._assigned.set}
                self.snapshots[key] = Snapshot(sets, since)
            for member in self.members.values():
                if not self._ended:
                    member.offer.publish(self.snapshots[member.key])

    def _move_workloads(self, pods: set[tuple[str, str]], since: float) -> None:
        """Pods came, went or changed: their proxies may be of another class, they of a subset."""
        known = self.mesh
        takes = discovered.taken(self._objects.configs, self._options)
        for namespace, name in pods:
            pod = self._current.pods.get((namespace, name))
            workload = workloads.read(pod) if pod and takes(namespace) else None
            self.mesh = self.mesh.with_workload(f"{name}.{namespace}", workload)
        self.plans.moved(self.mesh)
        moved = {f"{name}.{namespace}" for namespace, name in pods}
        changed = {one for one in moved if known.workloads.get(one) != self.mesh.workloads.get(one)}
        self._assign(self._served_by(changed), since)
        self._move_endpoints(members.selecting((known, self.mesh), moved), since)
        for member in list(self.members.values()):
            if member.proxy.workload.key in moved:
                member.key = self.plans.key(member.proxy)
                if member.key not in self.snapshots:
                    self.snapshots[member.key] = self.snapshot(member.key, since)
                self._offer(member.key)

    def _served_by(self, workloads: set[str]) -> list[Service]:
        """The services behind which one of these workloads stands."""
        if not workloads:
            return []
        return [
            self.mesh.services[host]
            for host, behind in self.mesh.endpoints.items()
            if any(one.workload in workloads for group in behind.values() for one in group)
        ]

    def snapshot(self, key: Key, since: float) -> Snapshot:
        """What a class should have now; nothing is published."""
        self._assigned.need(self.plans.cuts(key))
        bundle = self.plans.of(key)
        made = self._encoded.get(key, Encoded()).after(bundle, self._memo)
        self._encoded[key] = made
        credentials = material.of(bundle.credentials, self._keyring, key.namespace)
        sets = {
            **made.sets, EDS: self._assigned.set,
            SDS: set_of(make(one.name, one) for one in credentials),
        }  # fmt: skip
        return Snapshot(sets, since)
