"""All that the proxy of a gateway is to have. Pure. Never: which gateways it stands for."""

from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster

from telltale.model.doors import doors
from telltale.model.view import View
from telltale.pilot.envoy.gateway import listeners as gateway_listeners
from telltale.pilot.envoy.resources import Bundle, Table
from telltale.pilot.envoy.upstream import clusters, credentials as upstream_secrets


@dataclass(frozen=True, slots=True)
class Edge:
    """What tells one gateway's proxies from another's, besides what a class of clients sees.

    `ports`: from its Service's to its own. `trusted`: it may have its namespace's credentials.
    `before`: how many proxies that are believed stand before it.
    """

    gateways: tuple[str, ...]
    ports: tuple[tuple[int, int], ...] = ()
    trusted: bool = False
    before: int = 0


def bundle(view: View, edge: Edge, seen: tuple[Cluster, ...]) -> Bundle:
    """All of it but the endpoints, which have their own lane. `seen`: the clusters of services."""
    named = {one.name: one for one in view.mesh.gateways}
    held = [named[name] for name in edge.gateways if name in named]
    found, _ = doors(held, dict(edge.ports))
    built = [
        one for door in found
        if (one := gateway_listeners.build(
            view, door, trusted=edge.trusted, before=edge.before
        ))
    ]  # fmt: skip
    return Bundle(
        clusters=(*seen, *clusters.fixed()),
        listeners=tuple(one.listener for one in built),
        tables=tuple(Table(table) for one in built for table in one.routes),
        credentials=(
            *(credential for one in built for credential in one.credentials),
            *(upstream_secrets.wanted(view) if edge.trusted else ()),
        ),
    )
