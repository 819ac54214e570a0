"""Requests say who makes them, in a header: to services of the mesh, and to nobody outside. Pure.

Never: what is done with it on the other side (`observe`).
"""

from collections.abc import Iterator
from typing import TypeAlias

from envoy.config.core.v3.base_pb2 import HeaderValueOption
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost, WeightedCluster

from telltale.model.metric import OWN_PEER, PEER_HEADER
from telltale.model.view import View

Way: TypeAlias = Route | WeightedCluster.ClusterWeight


def announce(host: VirtualHost, view: View) -> None:
    """Once for the host where all of its routes lead to one side, else where they part."""
    ways = [(way, _outside(view, cluster)) for way, cluster in _ways(host)]
    sides = {outside for _, outside in ways}
    if len(sides) < 2:
        _tell(host, outside=sides == {True})
        return
    for way, outside in ways:
        _tell(way, outside=outside)


def _ways(host: VirtualHost) -> Iterator[tuple[Way, str]]:
    """Wherever its requests can go, and to which cluster."""
    for route in host.routes:
        shared = route.route.weighted_clusters.clusters
        yield from ((one, one.name) for one in shared)
        if route.HasField("route") and not shared:
            yield route, route.route.cluster


def _outside(view: View, cluster: str) -> bool:
    service = view.service(cluster.rpartition("|")[2])
    return service is not None and service.external


def _tell(way: VirtualHost | Way, *, outside: bool) -> None:
    if outside:  # what the one before us was told goes no further
        way.request_headers_to_remove.append(PEER_HEADER)
    else:
        way.request_headers_to_add.append(_ANNOUNCED)


def _announced() -> HeaderValueOption:
    option = HeaderValueOption(append_action=HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD)
    option.header.key = PEER_HEADER
    option.header.value = f"%ENVIRONMENT({OWN_PEER})%"
    return option


_ANNOUNCED = _announced()
