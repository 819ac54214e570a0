"""Route tables of gateways: what each server's hosts lead to. Pure.

A host of a server that no routing names is answered with 404. Never: how the routings of one host
are put together, a request is matched or sent (`http_routes`).
"""

from collections.abc import Sequence
from dataclasses import replace

from envoy.config.route.v3.route_components_pb2 import VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.doors import Site
from telltale.model.hosts import covers, served
from telltale.model.route import Routing
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.routing import rules as http_routes
from telltale.pilot.envoy.routing.actions import Dialled
from telltale.pilot.envoy.telling import announced

BODY_MAX = 1 << 20
MISDIRECTED = 421


def table(
    view: View, name: str, sites: Sequence[Site], others: Sequence[Site] = ()
) -> RouteConfiguration:
    """One table for servers whose requests come in by one HTTP filter.

    `others`: servers of the port that have connections of their own; a request for one of them that
    comes in by this filter is told to go there (421, RFC 9110).
    """
    found = RouteConfiguration(name=name, ignore_port_in_host_matching=True)
    found.validate_clusters.value = False
    found.max_direct_response_body_size_bytes.value = BODY_MAX
    hosts: dict[str, VirtualHost] = {}
    number = 0
    for site in sites:
        number = site.server.port
        seen = replace(view, gateways=(site.gateway.name,))
        by_host = _by_host(seen, site, (*sites, *others))
        for host, routings in by_host.items():
            routes = http_routes.merged(routings, Dialled(seen, host, number))
            _virtual_host(hosts, host, number).routes.extend(routes)
        if site.server.redirect:
            for host in (*by_host, *(one.name for one in site.server.hosts)):
                _virtual_host(hosts, host, number).require_tls = VirtualHost.ALL
    _isolate(hosts, number, sites, others)
    for one in hosts.values():
        announced.announce(one, view)
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
    return hosts[host]


def _by_host(view: View, site: Site, sites: Sequence[Site]) -> dict[str, list[Routing]]:
    found: dict[str, list[Routing]] = {}
    for routing in view.routings:
        if routing.http:
            for host in served(site.server, routing):
                if not _anothers(site, sites, host):
                    found.setdefault(host, []).append(routing)
    return found


def _anothers(site: Site, sites: Sequence[Site], host: str) -> bool:
    """Whether an isolated server of the same port is named more closely for a host."""
    if not site.server.isolated:
        return False
    mine = [one.name for one in site.server.hosts if one.name == host or covers(one.name, host)]
    return any(
        (name == host or covers(name, host)) and all(_wider(one, name) for one in mine)
        for other in sites if other is not site and other.server.isolated
        for name in (each.name for each in other.server.hosts)
    )  # fmt: skip


def _wider(one: str, other: str) -> bool:
    return one != other and covers(one, other)


def _isolate(
    hosts: dict[str, VirtualHost], number: int, sites: Sequence[Site], others: Sequence[Site]
) -> None:
    """What isolated servers are named for is theirs, also where no route is: 404, or 421."""
    wrong = [one for one in others if one.server.isolated]
    mine = [one for one in sites if one.server.isolated]
    if len(mine) + len(wrong) > 1:
        for site in mine:
            for host in site.server.hosts:
                _virtual_host(hosts, host.name, number)
    for site in wrong if mine else ():
        for host in site.server.hosts:
            if host.name not in hosts:
                route = _virtual_host(hosts, host.name, number).routes.add()
                route.match.prefix = "/"
                route.direct_response.status = MISDIRECTED
