"""How the endpoints behind a port are spread for clients at a place: in groups, by rank and weight.

Pure. A `Cut` says all that an answer depends on, so that equal cuts are answered once for all who
ask. Never: Envoy; which policy said so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from telltale.model.mesh import Mesh
from telltale.model.place import NOWHERE, REGION, SUBZONE, ZONE, Place
from telltale.model.scope import Labels
from telltale.model.service import Endpoint

NODE = "kubernetes.io/hostname"
_RANKS = 5  # of nearness: 0 to 4


@dataclass(frozen=True, slots=True)
class Spread:
    """What clients at `place` make of places.

    to        percents by place, which take the place of all ranks; () for none
    near      the nearer ones rank first; `failover`: the region that comes before all others
    wanted    labels, the most important first: who has more of the first ones ranks first
    """

    place: Place = NOWHERE
    to: tuple[tuple[str, int], ...] = ()
    near: bool = False
    failover: tuple[tuple[str, str], ...] = ()
    wanted: Labels = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of what is behind a port of a service, and its spread; `node`: on that node only."""

    service: str
    port: int
    labels: Labels = ()
    spread: Spread | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of one place and one rank (0 is used first). `weight` is the whole group's."""

    place: Place
    rank: int
    weight: int
    endpoints: tuple[Endpoint, ...]


def groups(mesh: Mesh, cut: Cut) -> tuple[Group, ...]:
    """By rank, then by place; ranks are without a gap."""
    service = mesh.services.get(cut.service)
    port = service.port(cut.port) if service else None
    if service is None or port is None:
        return ()
    found = [one for one in mesh.behind(service, port) if _belongs(mesh, one, cut)]
    spread = cut.spread or Spread()
    if spread.to:
        return _weighed(_grouped(mesh, found, Spread()), spread.to)
    return _grouped(mesh, found, spread)


def _belongs(mesh: Mesh, endpoint: Endpoint, cut: Cut) -> bool:
    if cut.node is not None and endpoint.node != cut.node:
        return False
    if not cut.labels:
        return True
    known = mesh.labels_of(endpoint)
    return all(known.get(key) == value for key, value in cut.labels)


def _grouped(mesh: Mesh, endpoints: Iterable[Endpoint], spread: Spread) -> tuple[Group, ...]:
    def told(endpoint: Endpoint) -> tuple[int, Place]:
        place = mesh.place_of(endpoint)
        return _rank(mesh, endpoint, place, spread), place

    placed = sorted((told(one), one) for one in endpoints)
    found: list[Group] = []
    ranks: dict[int, int] = {}
    for (rank, place), members in groupby(placed, key=lambda pair: pair[0]):
        group = tuple(one for _, one in members)
        weight = sum(one.weight for one in group)
        found.append(Group(place, ranks.setdefault(rank, len(ranks)), weight, group))
    return tuple(found)


def _rank(mesh: Mesh, endpoint: Endpoint, place: Place, spread: Spread) -> int:
    rank = 0
    if spread.wanted:
        rank = len(spread.wanted) - _agreeing(mesh, endpoint, place, spread.wanted)
    if not spread.near:
        return rank
    distance = spread.place.distance(place)
    chosen = dict(spread.failover).get(spread.place.region)
    if distance == 3 and chosen is not None and place.region != chosen:
        distance = 4
    return rank * _RANKS + distance


def _agreeing(mesh: Mesh, endpoint: Endpoint, place: Place, wanted: Labels) -> int:
    """How many of the labels agree before the first that does not."""
    own = {**mesh.labels_of(endpoint), REGION: place.region, ZONE: place.zone,
           SUBZONE: place.subzone, NODE: endpoint.node}  # fmt: skip
    for count, (key, value) in enumerate(wanted):
        if own.get(key, "") != value:
            return count
    return len(wanted)


def _weighed(found: tuple[Group, ...], to: tuple[tuple[str, int], ...]) -> tuple[Group, ...]:
    """Each pattern's percents over its groups by size; a group that nobody names gets nothing."""
    kept: list[Group] = []
    for pattern, percent in to:
        members = [one for one in found if one.place.within(pattern)]
        total = sum(one.weight for one in members)
        # Times 100, so that a small group of a small part is not rounded to nothing.
        kept += [
            Group(one.place, 0, max(1, round(100 * percent * one.weight / total)), one.endpoints)
            for one in members
        ]
    return tuple(sorted(kept, key=lambda one: one.place))
