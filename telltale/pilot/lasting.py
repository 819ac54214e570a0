"""Subsets that are gone while routes still lead to them: they last a little longer. Pure.

Whoever deletes a subset together with its route writes two objects, one after the other; in between
the route would lead to a cluster that is not there (503, NC). So a subset that was defined and is
still routed to keeps its last definition for `GRACE_S`. Never: a subset that nobody ever defined.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from telltale.model.mesh import Mesh
from telltale.model.policy import Policy
from telltale.model.route import Destination
from telltale.model.view import forms

GRACE_S = 10.0

Pair = tuple[str, str]  # host, subset


@dataclass(frozen=True, slots=True)
class Lost:
    """When each subset that is routed to was first found gone (monotonic seconds)."""

    since: Mapping[Pair, float] = field(default_factory=dict)

    def until(self, now: float) -> float | None:
        """When the next of them is let go; None when there is none."""
        left = [one + GRACE_S for one in self.since.values() if now < one + GRACE_S]
        return min(left, default=None)


def carry(before: Mesh, mesh: Mesh, lost: Lost, now: float) -> tuple[Mesh, Lost]:
    """The mesh with those subsets of the one before that still last, and what is lost now."""
    policies = {_place(one): one for one in mesh.policies}
    since: dict[Pair, float] = {}
    for pair in sorted(_routed(mesh)):
        if _definer(mesh.policies, pair):
            continue
        known = _definer(before.policies, pair)
        if known is None and pair not in lost.since:
            continue
        since[pair] = lost.since.get(pair, now)
        if known and now < since[pair] + GRACE_S:
            here = policies.get(_place(known)) or replace(known, subsets=())
            kept = tuple(one for one in known.subsets if one.name == pair[1])
            policies[_place(known)] = replace(here, subsets=here.subsets + kept)
    if not since:
        return mesh, Lost()
    return replace(mesh, policies=tuple(policies.values())), Lost(since)


def _place(policy: Policy) -> object:
    return policy.origin.namespace, policy.scope, policy.host


def _definer(policies: tuple[Policy, ...], pair: Pair) -> Policy | None:
    host, subset = pair
    covering = {*forms(host)}
    return next((one for one in policies if one.host in covering and one.subset(subset)), None)


def _routed(mesh: Mesh) -> set[Pair]:
    """Every subset that a route leads to."""
    return {(one.host, one.subset) for one in _destinations(mesh) if one.subset}


def _destinations(mesh: Mesh) -> Iterator[Destination]:
    for routing in mesh.routings:
        for http in routing.http:
            yield from (share.destination for share in http.shares)
            yield from (mirror.destination for mirror in http.mirrors)
        for route in (*routing.tls, *routing.tcp):
            yield from (share.destination for share in route.shares)
