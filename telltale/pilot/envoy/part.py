"""What a class of clients has because of one host: clusters, assignments, virtual hosts. Pure.

A part remembers which other hosts were looked up for it. When none of them has changed, nor its
own, it is as it would be made anew. Never: what stands in between, as tables and listeners do.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.route.v3.route_components_pb2 import VirtualHost

from telltale.lib.memo import Memo
from telltale.model.route import MESH
from telltale.model.service import Port, Protocol, Service
from telltale.model.sidecar import Reach
from telltale.model.spread import Cut
from telltale.model.view import View
from telltale.pilot.envoy.listening import outlets
from telltale.pilot.envoy.resources import Table
from telltale.pilot.envoy.routing import routes
from telltale.pilot.envoy.upstream import clusters, endpoints

Served = tuple[Service, Port, Reach]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`served`: where it is listened for. `hosts`: by the number of the table, with all `forms`
    of its name; None where no route is for these clients. `alone`: tables of its own."""

    served: tuple[Served, ...]
    clusters: tuple[Cluster, ...]
    cuts: tuple[tuple[str, Cut], ...]
    forms: tuple[str, ...]
    hosts: Mapping[int, VirtualHost | None]
    alone: tuple[Table, ...]
    reads: frozenset[str]

    @property
    def by_request(self) -> bool:
        """Whether listeners need to know no more of it than that requests come."""
        return all(port.protocol.http for _, port, _ in self.served)


def make(
    view: View, memo: Memo, host: str, strange: Collection[int], *, trusted: bool
) -> Part:
    """`strange`: ports on which it is routed though it is no service's."""
    view.looked.clear()
    service = view.service(host)
    served = tuple(view.served(service)) if service and MESH in view.gateways else ()
    numbers = {port.number for one, port, _ in served if outlets.by_host(one, port)}
    numbers.update(strange)
    forms = routes.forms(view, host) if numbers else ()
    return Part(
        served,
        clusters.of(view, memo, service, trusted=trusted) if service else (),
        tuple(endpoints.wanted(view, service)) if service else (),
        forms,
        {number: routes.virtual_host(view, memo, host, number, forms) for number in numbers},
        tuple(
            routes.alone(view, memo, host, port.number) for one, port, _ in served
            if port.protocol is Protocol.AUTO and not outlets.by_host(one, port)
        ),
        frozenset(view.looked - {host}),
    )  # fmt: skip
