"""Which hosts stand in the route table of which port number, and under which names. Pure.

A name stands once in a table, or Envoy rejects all of it: the first that claims it has it. An edit
that leaves claims as they were changes virtual hosts in their places. Never: what is in them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain

from envoy.config.route.v3.route_components_pb2 import VirtualHost

from telltale.lib.memo import Memo
from telltale.model.view import View
from telltale.pilot.envoy.part import Part
from telltale.pilot.envoy.resources import Table
from telltale.pilot.envoy.routing import routes, strangers
from telltale.pilot.envoy.routing.strangers import Strangers

Parts = Mapping[str, Part]
Shared = Mapping[int, Table]


def arranged(
    view: View, memo: Memo, parts: Parts, strange: Strangers, numbers: Collection[int]
) -> dict[int, Table]:
    """The tables of these numbers."""
    listed: dict[int, list[str]] = {number: [] for number in numbers}
    for host, part in parts.items():
        for number in part.hosts:
            if number in listed:
                listed[number].append(host)
    return {
        number: routes.table(view, memo, number, _claimed(
            view, memo, number, parts, _in_order(view, hosts, strange.get(number, ()))
        ))
        for number, hosts in listed.items() if hosts
    }  # fmt: skip


def exchanged(
    old: Shared, before: Iterable[Part | None], now: Iterable[Part | None]
) -> dict[int, Table] | None:
    """With each part in the place of the one before; None when claims are not as they were."""
    others: dict[int, dict[int, VirtualHost]] = {}
    for one, other in zip(before, now, strict=True):
        if one is None or other is None or _claims(one) != _claims(other):
            return None
        for number, host in one.hosts.items():
            new = other.hosts[number]
            if new is not host:
                if host is None or new is None:
                    return None
                others.setdefault(number, {})[id(host)] = new
    found = dict(old)
    for number, swaps in others.items():
        table = old[number]
        hosts = tuple([swaps.get(id(host), host) for host in table.hosts])
        if sum(one is not two for one, two in zip(hosts, table.hosts, strict=True)) != len(swaps):
            return None  # it had not all of its names
        found[number] = Table(table.head, hosts)
    return found


def _claims(one: Part) -> object:
    return one.forms, one.hosts.keys()


def ordered(shared: Shared, parts: Parts) -> Iterator[Table]:
    """Those of port numbers, then those of one service each."""
    yield from (shared[number] for number in sorted(shared))
    alone = (table for part in parts.values() if part.alone for table in part.alone)
    yield from sorted(alone, key=lambda one: one.name)


def _in_order(view: View, hosts: list[str], strange: tuple[str, ...]) -> Iterable[str]:
    """In the order in which they claim names."""
    if not strange:
        return hosts
    # Another name with routes of its own is not one of its service's.
    first = [host for host in strange if strangers.target(view, host)]
    others = {*strange}
    services = (host for host in hosts if host not in others)
    return chain(first, services, (host for host in strange if host not in first))


def _claimed(
    view: View, memo: Memo, number: int, parts: Parts, hosts: Iterable[str]
) -> Iterator[VirtualHost]:
    taken: set[str] = set()
    for host in hosts:
        part = parts[host]
        found = part.hosts[number]
        if not taken.isdisjoint(part.forms):
            free = tuple(form for form in part.forms if form not in taken)
            found = routes.virtual_host(view, memo, host, number, free) if free else None
        taken.update(part.forms)
        if found:
            yield found
