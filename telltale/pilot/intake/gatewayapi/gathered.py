"""Routes of several objects for one host, put in the order in which they are tried. Pure.

The specification judges matches, not objects: the rules of all routes that hold for a host are one
table, the most specific first; of equals the older object's, then by NAMESPACE/NAME, then as
written. Never: what a rule says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from telltale.model.route import MESH, ConnectionMatch, ConnectionRoute, Match, Routing, Share
from telltale.model.scope import Origin, Scope
from telltale.pilot.intake.gatewayapi.parents import Attachment
from telltale.pilot.intake.gatewayapi.rules import Ruled

Place = tuple[str, str, tuple[str, ...]]  # gateway, host, namespaces that see it


@dataclass
class _Table:
    origins: list[Origin] = field(default_factory=list)
    http: list[tuple[Ruled, Origin]] = field(default_factory=list)
    tls: list[ConnectionRoute] = field(default_factory=list)
    tcp: list[ConnectionRoute] = field(default_factory=list)


@dataclass
class Gathered:
    """Objects are added the oldest first."""

    _tables: dict[Place, _Table] = field(default_factory=dict)

    def requests(
        self, origin: Origin, attachments: Iterable[Attachment], rules: list[Ruled]
    ) -> None:
        for table, _, port in self._at(origin, attachments):
            table.http += [(_on(port, one), origin) for one in rules]

    def connections(
        self, origin: Origin, attachments: Iterable[Attachment], shares: tuple[Share, ...],
        names: tuple[str, ...] | None = None,
    ) -> None:  # fmt: skip
        """`names`: those that a client asks for, for TLS; at a gateway of these what its listener
        has in common with them, in the mesh none is needed."""
        for one in attachments:
            for table, host, port in self._at(origin, (one,)):
                meant = names if one.gateway == MESH else ()
                asked = () if names is None else (meant or (host,))
                route = ConnectionRoute((ConnectionMatch(sni=asked, port=port),), shares)
                (table.tls if asked else table.tcp).append(route)

    def routings(self) -> list[Routing]:
        return [
            Routing(
                min(table.origins), Scope(namespaces), (host,), (gateway,),
                http=tuple(one.route for one, _ in sorted(table.http, key=_order)),
                tls=tuple(table.tls), tcp=tuple(table.tcp), alone=True,
            )
            for (gateway, host, namespaces), table in self._tables.items()
        ]  # fmt: skip

    def _at(
        self, origin: Origin, attachments: Iterable[Attachment]
    ) -> Iterator[tuple[_Table, str, int]]:
        for one in attachments:
            for host in one.hosts:
                place = (one.gateway, host, one.scope.namespaces)
                table = self._tables.setdefault(place, _Table())
                table.origins.append(origin)
                yield table, host, one.port


def _on(port: int, one: Ruled) -> Ruled:
    """For one port of a Service only."""
    if not port:
        return one
    matches = tuple(replace(match, port=port) for match in one.route.matches or (Match(),))
    return Ruled(one.rank, replace(one.route, matches=matches))


def _order(pair: tuple[Ruled, Origin]) -> tuple[object, ...]:
    one, origin = pair
    return one.rank, origin.created, origin.namespace, origin.name


