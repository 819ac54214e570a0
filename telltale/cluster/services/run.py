"""The service proxy, running: what changes in Services and EndpointSlices is in the kernel at once.

Never: a rule; `table` and `rules` make those. One writer: changes while it writes are merged.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial

from pyroute2.netlink.exceptions import NetlinkError

from telltale.cluster.services import conntrack, host, rules
from telltale.cluster.services.clean import clean, listed, noted
from telltale.cluster.services.nft import Nft, Refused
from telltale.cluster.services.node_ports import Listeners, wanted
from telltale.cluster.services.settings import Host, Settings
from telltale.cluster.services.table import Table, rows
from telltale.kube.client import Change, Client
from telltale.kube.informer import Informer
from telltale.kube.kinds import ENDPOINT_SLICE, SERVICE
from telltale.kube.service import EndpointSlice, Service
from telltale.kube.slices import Name, Slices
from telltale.lib.backoff import Backoff
from telltale.lib.tasks import describe, supervise

__all__ = ["clean", "run"]

log = logging.getLogger(__name__)

_RELIST = Backoff(first_s=0.05, most_s=5.0)
_LOOK_AGAIN_S = 15.0  # somebody may flush the whole ruleset


async def run(settings: Settings, client: Client) -> None:
    """Forwards until cancelled; the rules stay, so that pods go on without us, until `clean`."""
    known = Known(settings)
    services = Informer(client, SERVICE)
    slices = Informer(client, ENDPOINT_SLICE)
    services.listeners.append(known.hear_service)
    slices.listeners.append(known.hear_slice)
    async with supervise() as tasks:
        tasks.start("watch of services", services.run, _RELIST)
        tasks.start("watch of endpointslices", slices.run, _RELIST)
        await services.wait_synced()
        await slices.wait_synced()
        writer = Writer(settings, known, Nft())
        tasks.start("node ports", partial(_node_ports, known), _RELIST)
        writing = tasks.start("service proxy", writer.run, Backoff(first_s=0.1, most_s=5.0))
        await writing


async def _node_ports(known: "Known") -> None:
    """Keeps the listeners at what the Services want; a port that was taken is tried again."""
    listeners = Listeners()
    try:
        while True:
            await listeners.follow(wanted(known.services.values()))
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await known.services_changed.wait()
            known.services_changed.clear()
    finally:
        await listeners.close()


class Known:
    """Services and slices as the watches tell them, and whose part of the table is outdated."""

    def __init__(self, settings: Settings) -> None:
        self._here = settings.node_cidr
        self.services: dict[Name, Service] = {}
        self._slices = Slices()
        self._parts: dict[Name, Table] = {}
        self.outdated: set[Name] = set()
        self.changed = asyncio.Event()
        self.services_changed = asyncio.Event()

    def hear_service(self, change: Change, service: Service) -> None:
        name = (service.metadata.namespace, service.metadata.name)
        if change is Change.DELETED:
            self.services.pop(name, None)
        else:
            self.services[name] = service
        self.services_changed.set()
        self._touch(name)

    def hear_slice(self, change: Change, slice: EndpointSlice) -> None:
        for name in self._slices.hear(change, slice):
            self._touch(name)

    def table(self) -> Table:
        """The whole table now; only what changed is worked out anew."""
        outdated, self.outdated = self.outdated, set()
        for name in outdated:
            service = self.services.get(name)
            if service is None:
                self._parts.pop(name, None)
            else:
                self._parts[name] = rows(service, self._slices.of(name), self._here)
        return {front: target for part in self._parts.values() for front, target in part.items()}

    def _touch(self, name: Name) -> None:
        self.outdated.add(name)
        self.changed.set()


class Writer:
    """Brings the kernel to what is known: first everything, then what changes."""

    def __init__(self, settings: Settings, known: Known, nft: Nft) -> None:
        self._settings = settings
        self._known = known
        self._nft = nft
        self._host = Host()
        self._written: Table = {}

    async def run(self) -> None:
        found = noted(await asyncio.to_thread(listed, self._nft, self._settings))
        self._host = Host(forwarding=found)
        await self._write_everything()  # the guards stand before there is a bridge to guard
        await self._prepare(found)
        while True:
            try:
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    await self._known.changed.wait()
            except TimeoutError:
                await self._look_again()
            else:
                self._known.changed.clear()
                await self._write()

    async def _prepare(self, former: dict[str, str]) -> None:
        pauses = Backoff(first_s=0.02, most_s=1.0)
        failures = 0
        while True:
            try:
                self._host = await asyncio.to_thread(host.prepare, self._settings, former)
            except host.NoBridge as error:
                failures += 1
                log.log(logging.INFO if failures == 8 else logging.DEBUG, "waiting: %s", error)
                await asyncio.sleep(pauses.delay(failures))
            else:
                break
        await self._write_everything()

    async def _write(self) -> None:
        table = self._known.table()
        commands = rules.changes(self._settings.table, self._written, table)
        if not commands:
            return
        try:
            await self._nft.apply(commands)
        except Refused as error:
            log.warning("rules are rebuilt, as a change was refused: %s", error)
            await self._write_everything()
        else:
            await self._follow_up(table)

    async def _write_everything(self) -> None:
        table = self._known.table()
        await self._nft.apply(rules.everything(self._settings, table, self._host))
        await self._follow_up(table)

    async def _follow_up(self, table: Table) -> None:
        """What the rules alone cannot do; when it fails they are right all the same."""
        try:
            if stale := rules.stale(self._written, table):
                await asyncio.to_thread(partial(conntrack.forget, stale))
            if rules.newcomers(self._written, table):
                await asyncio.to_thread(host.let_meet_themselves, self._settings.bridge)
        except (OSError, NetlinkError) as error:
            log.warning("service proxy: %s", describe(error))
        self._written = table

    async def _look_again(self) -> None:
        """Somebody flushed the rules, or the bridge was made anew without our routes."""
        try:
            await asyncio.to_thread(host.prepare, self._settings, self._host.forwarding)
            await self._nft.apply(f"list chain ip {self._settings.table} dial")
        except host.NoBridge as error:
            log.debug("%s", error)
        except Refused:
            log.warning("table %s is gone, made again", self._settings.table)
            await self._write_everything()
