"""Route tables of gateways: what each server's hosts lead to. Pure.

A host of a server that no routing names is answered with 404. Never: how the routings of one host
are put together, a request is matched or sent (`http_routes`).
"""

from collections.abc import Iterable
from dataclasses import replace

from envoy.config.route.v3.route_components_pb2 import VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.doors import Site
from telltale.model.hosts import served
from telltale.model.route import Routing
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.routing import rules as http_routes
from telltale.pilot.envoy.routing.actions import Dialled
from telltale.pilot.envoy.telling import observe

BODY_MAX = 1 << 20


def table(view: View, name: str, sites: Iterable[Site]) -> RouteConfiguration:
    """One table for servers whose requests come in by one HTTP filter."""
    found = RouteConfiguration(name=name, ignore_port_in_host_matching=True)
    found.validate_clusters.value = False
    found.max_direct_response_body_size_bytes.value = BODY_MAX
    hosts: dict[str, VirtualHost] = {}
    number = 0
    for site in sites:
        number = site.server.port
        seen = replace(view, gateways=(site.gateway.name,))
        by_host = _by_host(seen, site)
        for host, routings in by_host.items():
            routes = http_routes.merged(routings, Dialled(seen, host, number))
            _virtual_host(hosts, host, number).routes.extend(routes)
        if site.server.redirect:
            for host in (*by_host, *(one.name for one in site.server.hosts)):
                _virtual_host(hosts, host, number).require_tls = VirtualHost.ALL
    if not hosts:
        hosts["*"] = VirtualHost(name=names.nowhere(number), domains=["*"])
    found.virtual_hosts.extend(hosts[host] for host in sorted(hosts))
    return found


def _virtual_host(hosts: dict[str, VirtualHost], host: str, number: int) -> VirtualHost:
    """The host's own. Two servers of one port may share it; each domain stands once in a table."""
    if host not in hosts:
        hosts[host] = VirtualHost(
            name=names.virtual_host(host, number), domains=[host],
            include_request_attempt_count=True,
        )  # fmt: skip
        observe.announce(hosts[host])
    return hosts[host]


def _by_host(view: View, site: Site) -> dict[str, list[Routing]]:
    found: dict[str, list[Routing]] = {}
    for routing in view.routings:
        if routing.http:
            for host in served(site.server, routing):
                found.setdefault(host, []).append(routing)
    return found
