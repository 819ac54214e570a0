"""Subsets that are gone while routes still lead to them: they last a little longer. Pure.

Whoever changes a subset together with its route writes two objects, one after the other; in between
the route would lead to a cluster that is not there (503, NC). So a subset that was defined and is
still routed to keeps its last definition for `GRACE_S`; and a route that comes before the subset
that it leads to waits for it as long, while the route that was there holds. Never: a subset that
nobody ever defined, or a route that never was whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from telltale.model.mesh import Mesh
from telltale.model.policy import Policy
from telltale.model.route import Destination, Routing
from telltale.model.scope import Origin

GRACE_S = 10.0

Pair = tuple[str, str]  # host, subset


@dataclass(frozen=True, slots=True)
class Lost:
    """When each subset that is routed to was first found gone (monotonic seconds).

    `waiting`: since when each routing that leads to a subset not yet there is kept back.
    """

    since: Mapping[Pair, float] = field(default_factory=dict)
    waiting: Mapping[Origin, float] = field(default_factory=dict)

    def until(self, now: float) -> float | None:
        """When the next of them is let go; None when there is none."""
        began = (*self.since.values(), *self.waiting.values())
        left = [one + GRACE_S for one in began if now < one + GRACE_S]
        return min(left, default=None)


def carry(before: Mesh, mesh: Mesh, lost: Lost, now: float) -> tuple[Mesh, Lost]:
    """The mesh with what still lasts of the one before, and what is lost now."""
    if before.policies == mesh.policies and before.routings == mesh.routings:
        return mesh, Lost()
    policies, since = _subsets(before, mesh, lost, now)
    if since:
        mesh = replace(mesh, policies=policies)
    routings, waiting = _routings(before, mesh, lost, now)
    if waiting:
        mesh = replace(mesh, routings=routings)
    return mesh, Lost(since, waiting)


def _subsets(
    before: Mesh, mesh: Mesh, lost: Lost, now: float
) -> tuple[tuple[Policy, ...], Mapping[Pair, float]]:
    policies = {_place(one): one for one in mesh.policies}
    since: dict[Pair, float] = {}
    for pair in sorted(_routed(mesh.routings)):
        if _definer(mesh, pair):
            continue
        known = _definer(before, pair)
        if known is None and pair not in lost.since:
            continue
        since[pair] = lost.since.get(pair, now)
        if known and now < since[pair] + GRACE_S:
            here = policies.get(_place(known)) or replace(known, subsets=())
            kept = tuple(one for one in known.subsets if one.name == pair[1])
            policies[_place(known)] = replace(here, subsets=here.subsets + kept)
    return tuple(policies.values()), since


def _routings(
    before: Mesh, mesh: Mesh, lost: Lost, now: float
) -> tuple[tuple[Routing, ...], Mapping[Origin, float]]:
    former = {one.origin: one for one in before.routings}
    found: list[Routing] = []
    waiting: dict[Origin, float] = {}
    for one in mesh.routings:
        old = former.get(one.origin, one)
        since = lost.waiting.get(one.origin, now)
        if old != one and now < since + GRACE_S and not _whole(mesh, one) and _whole(mesh, old):
            waiting[one.origin] = since
            found.append(old)
        else:
            found.append(one)
    return tuple(found), waiting


def _whole(mesh: Mesh, routing: Routing) -> bool:
    """Whether every subset that it leads to is there, of the hosts that are."""
    pairs = (one for one in _routed((routing,)) if one[0] in mesh.services)
    return all(_definer(mesh, one) for one in pairs)


def _place(policy: Policy) -> object:
    return policy.origin.namespace, policy.scope, policy.host


def _definer(mesh: Mesh, pair: Pair) -> Policy | None:
    """The eldest policy for the host, of whatever namespace, that has such a subset."""
    host, subset = pair
    found = [
        one for index in mesh.index.policies_in.values() for near in index.nearest(host)
        for one in near if one.subset(subset)
    ]  # fmt: skip
    return min(found, key=lambda one: one.origin, default=None)


def _routed(routings: Iterable[Routing]) -> set[Pair]:
    """Every subset that a route leads to."""
    return {(one.host, one.subset) for one in _destinations(routings) if one.subset}


def _destinations(routings: Iterable[Routing]) -> Iterator[Destination]:
    for routing in routings:
        for http in routing.http:
            yield from (share.destination for share in http.shares)
            yield from (mirror.destination for mirror in http.mirrors)
        for route in (*routing.tls, *routing.tcp):
            yield from (share.destination for share in route.shares)
