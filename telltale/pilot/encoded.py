"""A class's bundle as sets of bytes; what is the same message as before is not looked at again.

Never: who gets it, or what is in it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.lib.memo import Memo
from telltale.pilot.envoy.resources import Bundle, Table
from telltale.pilot.xds.order import CDS, ECDS, LDS, RDS
from telltale.pilot.xds.resource import Piece, Resource, joined, make, piece
from telltale.pilot.xds.snapshot import EMPTY, Set, set_of

Named = Cluster | Listener | Table | TypedExtensionConfig
M = TypeVar("M", Cluster, Listener, Table, TypedExtensionConfig)
_HOSTS = RouteConfiguration.DESCRIPTOR.fields_by_name["virtual_hosts"].number


NOTHING = Bundle()


@dataclass(frozen=True, slots=True)
class Encoded:
    """`pieces`: of the tables, by name."""

    bundle: Bundle = NOTHING
    clusters: Set = EMPTY
    listeners: Set = EMPTY
    routes: Set = EMPTY
    extensions: Set = EMPTY
    pieces: dict[str, tuple[Table, Sequence[Piece]]] = field(default_factory=dict)

    @property
    def sets(self) -> dict[str, Set]:
        return {
            CDS: self.clusters, ECDS: self.extensions, LDS: self.listeners, RDS: self.routes,
        }  # fmt: skip

    def after(self, bundle: Bundle, memo: Memo) -> "Encoded":
        """Of the next bundle of the same class."""
        old = self.bundle
        if bundle is old:
            return self
        pieces = {one.name: (one, self._pieces(one, memo)) for one in bundle.tables}

        def table(one: Table) -> Resource:
            return memo.by(
                (joined, one), lambda: joined(one.name, one.head, pieces[one.name][1])
            )

        def listener(one: Listener) -> Resource:
            return memo.of(make, one.name, one)

        def cluster(one: Cluster) -> Resource:
            return memo.of(make, one.name, one, one.eds_cluster_config.service_name)

        def extension(one: TypedExtensionConfig) -> Resource:
            return memo.of(make, one.name, one)

        return Encoded(
            bundle,
            _set(self.clusters, old.clusters, bundle.clusters, cluster),
            _set(self.listeners, old.listeners, bundle.listeners, listener),
            _set(self.routes, old.tables, bundle.tables, table),
            _set(self.extensions, old.extensions, bundle.extensions, extension), pieces,
        )  # fmt: skip

    def _pieces(self, table: Table, memo: Memo) -> Sequence[Piece]:
        before, pieces = self.pieces.get(table.name, (table, ()))
        if before is table and pieces:
            return pieces
        known = dict(zip(map(id, before.hosts), pieces, strict=False))
        return [known.get(id(one)) or _piece(one, memo) for one in table.hosts]


def _piece(host: VirtualHost, memo: Memo) -> Piece:
    return memo.of(piece, host, _HOSTS)


def _set(
    before: Set, old: tuple[M, ...], new: tuple[M, ...], encode: Callable[[M], Resource]
) -> Set:
    if old is new:
        return before
    known = {*map(id, old)}
    fresh = [one for one in new if id(one) not in known]
    stay = {*map(id, new)}
    gone: Iterable[str] = [one.name for one in old if id(one) not in stay]
    found = before.with_changes(map(encode, fresh), gone)
    # Of two of one name the first counts, and which is that depends on all of them.
    return found if len(found.resources) == len(new) else set_of(map(encode, new))
