"""Route tables of gateways: what each server's hosts lead to. Pure.

Several routings for one host are put together, the elder's routes first, and what matches every
request behind all the rest. A host of a server that no routing names is answered with 404. Never:
how a request is matched or sent (`http_routes`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.doors import Site
from telltale.model.hosts import served
from telltale.model.route import How, HttpRoute, Match, Routing
from telltale.model.service import Port, Protocol, Service
from telltale.model.view import View
from telltale.pilot.envoy import http_routes, names

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
            _virtual_host(hosts, host, number).routes.extend(_routes(seen, host, routings, number))
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
    return hosts[host]


def _by_host(view: View, site: Site) -> dict[str, list[Routing]]:
    found: dict[str, list[Routing]] = {}
    for routing in view.routings:
        if routing.http:
            for host in served(site.server, routing):
                found.setdefault(host, []).append(routing)
    return found


def _routes(view: View, host: str, routings: list[Routing], number: int) -> Iterator[Route]:
    service = Service(name=host, namespace=view.namespace, host=host)
    port = Port(number, Protocol.HTTP)
    for routing in ordered(routings):
        yield from http_routes.of(view, routing, service, port)


def ordered(routings: list[Routing]) -> Iterator[Routing]:
    """One routing as it is; of several first what asks for something, then what takes all."""
    if len(routings) == 1:
        yield from routings
        return
    for general in (False, True):
        for routing in routings:
            http = tuple(one for route in routing.http for one in _part(route, general))
            if http:
                yield replace(routing, http=http)


def _part(route: HttpRoute, general: bool) -> Iterator[HttpRoute]:
    if not route.matches:
        if general:
            yield route
        return
    kept = tuple(one for one in route.matches if _takes_all(one) is general)
    if kept:
        yield replace(route, matches=kept)


def _takes_all(match: Match) -> bool:
    """Whether nothing of the request itself is asked; who asks is judged before."""
    path = match.path
    if path and (path.how, path.value) not in ((How.PREFIX, "/"), (How.PATH, "/"),
                                               (How.REGEX, ".*")):  # fmt: skip
        return False
    return not (match.method or match.scheme or match.authority or match.headers or match.query)
