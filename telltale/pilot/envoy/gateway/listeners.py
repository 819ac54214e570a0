"""Listeners of gateways: a chain for plain text, and one for each name that is asked for by TLS.

Pure. A server whose credential is not there or no good has no chain: its clients are hung up on,
and nobody else's. Never: routes of requests (`gateway_routes`), which doors there are (`doors`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from envoy.config.core.v3.address_pb2 import CidrRange
from envoy.config.core.v3.base_pb2 import OUTBOUND
from envoy.config.listener.v3.listener_components_pb2 import FilterChain, ListenerFilter
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2 import TlsInspector

from telltale.model.doors import Door, Site
from telltale.model.gateway import Credential, Ends, ServerTls
from telltale.model.hosts import covers
from telltale.model.route import ConnectionMatch, ConnectionRoute
from telltale.model.service import Protocol
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.gateway import routes as gateway_routes, tls as gateway_tls
from telltale.pilot.envoy.listening import connection_routes, filters
from telltale.pilot.envoy.resources import address, pack

ANY = "0.0.0.0"
ANY_CONNECTION = ConnectionMatch()


@dataclass
class Built:
    """A listener in the making, and what its chains need; `claimed` are names already matched."""

    view: View
    door: Door
    listener: Listener
    before: int = 0
    routes: list[RouteConfiguration] = field(default_factory=list)
    credentials: list[Credential] = field(default_factory=list)
    claimed: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)


def build(view: View, door: Door, *, trusted: bool, before: int = 0) -> Built | None:
    """A door's listener; None when no server of it leads anywhere.

    `trusted`: the proxy may have the credentials of its namespace.
    """
    listener = Listener(name=names.listener(door.bind or ANY, door.port))
    listener.traffic_direction = OUTBOUND
    listener.address.CopyFrom(address(door.bind or ANY, door.port))
    listener.max_connections_to_accept_per_socket_event.value = 1
    built = Built(view, door, listener, before)
    for site in door.sealed:
        _sealed(built, site, trusted=trusted)
    if door.sealed:
        inspector = ListenerFilter(
            name="envoy.filters.listener.tls_inspector", typed_config=pack(TlsInspector())
        )
        listener.listener_filters.append(inspector)
    if door.plain:
        _plain(built)
    return built if listener.filter_chains else None


def _plain(built: Built) -> None:
    door, view = built.door, built.view
    first = door.plain[0]
    chain = FilterChain(name=built.listener.name)
    if door.sealed:
        chain.filter_chain_match.transport_protocol = "raw_buffer"
    if first.server.speaks.http:
        name = names.edge_route(door.port, door.bind)
        _http(built, chain, name, door.plain)
    elif found := next(_connections(view, first), None):
        chain.filters.extend(connection_routes.to(view, found[1].shares, first.server.port))
    if chain.filters:
        built.listener.filter_chains.append(chain)


def _sealed(built: Built, site: Site, *, trusted: bool) -> None:
    tls = site.server.tls
    assert tls
    if tls.ends is Ends.AUTO_PASSTHROUGH:
        for chain in _automatic(built, site):
            built.listener.filter_chains.append(chain)
    elif tls.ends is Ends.PASSTHROUGH:
        _named(built, site)
    else:
        wanted = [*tls.needed(built.view.namespace)]
        if trusted and built.view.mesh.holds(wanted):
            _opened(built, site, tls)
            built.credentials += wanted


def _opened(built: Built, site: Site, tls: ServerTls) -> None:
    """A chain for all hosts of a server, which opens TLS itself."""
    view, server = built.view, site.server
    http = server.speaks.http
    socket = gateway_tls.socket(tls, view.namespace, http=http)
    for chain in () if http else _named(built, site):
        chain.transport_socket.CopyFrom(socket)
    hosts = [one.name for one in server.hosts if _claim(built, one.name)]
    if not hosts:
        return
    chain = FilterChain(name=names.sealed_route(server, site.gateway.name))
    chain.transport_socket.CopyFrom(socket)
    _match(chain, hosts)
    if http:
        _http(built, chain, chain.name, [site])
    elif found := next(_connections(view, site), None):
        chain.filters.extend(connection_routes.to(view, found[1].shares, server.port))
    if chain.filters:
        built.listener.filter_chains.append(chain)


def _match(chain: FilterChain, hosts: list[str]) -> None:
    if "*" in hosts:
        chain.filter_chain_match.transport_protocol = "tls"
    else:
        chain.filter_chain_match.server_names.extend(hosts)


def _named(built: Built, site: Site) -> list[FilterChain]:
    """A chain for each match of the routes by SNI; without more, TLS goes through it unopened."""
    view, server = built.view, site.server
    made: list[FilterChain] = []
    for match, route in _connections(view, site, sealed=True):
        wanted = [
            sni for sni in match.sni
            if any(covers(host.name, sni) or host.name == sni for host in server.hosts)
            and _claim(built, sni, match.subnets)
        ]  # fmt: skip
        if not wanted:
            continue
        chain = built.listener.filter_chains.add()
        _match(chain, wanted)
        for subnet in match.subnets:
            chain.filter_chain_match.prefix_ranges.append(_range(subnet))
        chain.filters.extend(connection_routes.to(view, route.shares, server.port))
        made.append(chain)
    return made


def _automatic(built: Built, site: Site) -> Iterator[FilterChain]:
    """A chain for each port of each service, and subset: the SNI spells which."""
    for service, port in built.view.ports():
        policy = built.view.policy(service)
        for subset in ("", *(one.name for one in (policy.subsets if policy else ()))):
            sni = names.spelled(port.number, service.host, subset)
            covered = any(covers(host.name, service.host) for host in site.server.hosts)
            if covered and _claim(built, sni):
                chain = FilterChain()
                chain.filter_chain_match.server_names.append(sni)
                cluster = names.outbound(port.number, service.host, subset)
                chain.filters.append(filters.tcp(cluster, built.view.mesh.options))
                yield chain


def _claim(built: Built, name: str, subnets: tuple[str, ...] = ()) -> bool:
    """Whether a match is new: two alike would make Envoy refuse the listener."""
    key = name, tuple(sorted(subnets))
    new = key not in built.claimed
    built.claimed.add(key)
    return new


def _connections(
    view: View, site: Site, *, sealed: bool = False
) -> Iterator[tuple[ConnectionMatch, ConnectionRoute]]:
    """The routes of connections that a server's clients may take, in the order they are tried."""
    gateway, server = site.gateway, site.server
    seen = View(view.mesh, view.namespace, view.labels, (gateway.name,))
    for routing in seen.routings:
        for route in routing.tls if sealed else routing.tcp:
            for match in route.matches or (ANY_CONNECTION,):
                if match.port in (0, server.port) and seen.is_client(match.client):
                    yield match, route


def _http(built: Built, chain: FilterChain, name: str, sites: list[Site]) -> None:
    web = any(site.server.speaks is Protocol.GRPC_WEB for site in sites)
    options = built.view.mesh.options
    http = filters.edge_http(
        name, built.door.port, options, grpc_web=web, before=built.before
    )
    chain.filters.append(http)
    others = () if sites is built.door.plain else _beside(built.door, sites)
    built.routes.append(gateway_routes.table(built.view, name, sites, others))


def _beside(door: Door, sites: list[Site]) -> list[Site]:
    """Other servers of the port to which requests come by TLS."""
    return [
        one for one in door.sealed
        if one not in sites and one.server.speaks.http and one.server.tls
        and not one.server.tls.passes
    ]  # fmt: skip


def _range(subnet: str) -> CidrRange:
    host, _, length = subnet.partition("/")
    found = CidrRange(address_prefix=host)
    found.prefix_len.value = int(length) if length else (128 if ":" in host else 32)
    return found
