"""Connections to a service's port as users route them: by SNI, by address, split by weight. Pure.

A connection goes to the first rule that matches. Envoy goes by the closest match and refuses two
that overlap, so of each rule only that stands here which no rule before it has. Never: requests,
or a listener's address.
"""

import ipaddress
from collections.abc import Iterator

from envoy.config.core.v3.address_pb2 import CidrRange
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain, FilterChainMatch

from telltale.model.policy import PLAIN, Traffic
from telltale.model.route import NOBODY, ConnectionMatch, ConnectionRoute, Destination, Share
from telltale.model.service import Port, Protocol, Service
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.listening import filters
from telltale.pilot.envoy.routing import actions
from telltale.pilot.envoy.upstream import dynamic

_ANY = ConnectionMatch()
_NOWHERE = Share(NOBODY)
Place = tuple[str, str, str]  # SNI, subnet, source; each is empty for any


def chains(view: View, service: Service, port: Port) -> Iterator[FilterChain]:
    """What users say of connections to a port; the caller adds where all the rest goes."""
    taken: set[Place] = set()
    for rule in _rules(view, service, port):
        for match in rule.matches or (_ANY,):
            if match.port in (0, port.number) and view.is_client(match.client):
                for place in _free(match, taken):
                    chain = FilterChain(filter_chain_match=place)
                    chain.filters.extend(to(view, rule.shares, port.number))
                    yield chain


def everything(chain: FilterChain) -> bool:
    """Whether a chain takes every connection that none matches more closely."""
    return not chain.filter_chain_match.ByteSize()


def _rules(view: View, service: Service, port: Port) -> Iterator[ConnectionRoute]:
    routings = view.routings_of(service.host)
    if port.protocol is Protocol.TLS:
        for routing in routings:
            yield from routing.tls
    for routing in routings:
        yield from routing.tcp


def _free(match: ConnectionMatch, taken: set[Place]) -> Iterator[FilterChainMatch]:
    """Those parts of a match that are not taken: hosts that share all their subnets in one."""
    hosts = dict.fromkeys("" if one == "*" else one for one in match.sni or ("*",))
    subnets = dict.fromkeys(_network(one) for one in match.subnets) or {"": None}
    source = _network(match.source) if match.source else ""
    parts: dict[tuple[str, ...], list[str]] = {}
    for host in hosts:
        left = tuple(one for one in subnets if (host, one, source) not in taken)
        taken.update((host, one, source) for one in left)
        if left:
            parts.setdefault(left, []).append(host)
    for left, together in parts.items():
        found = FilterChainMatch()
        if "" not in together:
            found.server_names.extend(together)
        found.prefix_ranges.extend(_range(one) for one in left if one)
        if source:
            found.source_prefix_ranges.append(_range(source))
        yield found


def _network(written: str) -> str:
    return str(ipaddress.ip_network(written, strict=False))


def _range(network: str) -> CidrRange:
    address, _, length = network.partition("/")
    found = CidrRange(address_prefix=address)
    found.prefix_len.value = int(length)
    return found


def to(view: View, shares: tuple[Share, ...], number: int) -> list[Filter]:
    """Connections that dialled a port, to one destination or by weight to one of several."""
    wanted = [one for one in shares if one.weight] or list(shares[:1]) or [_NOWHERE]
    going = [(actions.cluster(view, one.destination, number), one.weight) for one in wanted]
    first = wanted[0].destination
    prefix = names.outbound(number, first.host)
    found = dynamic.look_up(_known(view, wanted, number), view.mesh.options)
    held = _held(view, first, number)
    return [*found, filters.tcp_split(going, view.mesh.options, prefix, held)]


def _held(view: View, destination: Destination, number: int) -> Traffic:
    """What holds for connections to a destination; of several, the first one's holds."""
    for service, port in _known(view, [Share(destination)], number):
        return view.traffic(service, port, destination.subset)
    return PLAIN


def _known(view: View, shares: list[Share], number: int) -> Iterator[tuple[Service, Port]]:
    for share in shares:
        service = view.service(share.destination.host)
        if service is not None and service.ports:
            yield service, service.port(share.destination.port or number) or service.ports[0]
