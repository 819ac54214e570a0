"""The listener of a place where outgoing connections are dialled: a chain for each kind. Pure.

By address range, then by the host that a TLS client asks for, then HTTP by its first bytes; what is
left goes to the eldest service that takes any connection, or to nobody known. Never: routes.
"""

from collections.abc import Iterable, Iterator

from envoy.config.core.v3.address_pb2 import CidrRange
from envoy.config.listener.v3.listener_components_pb2 import FilterChain, FilterChainMatch
from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.model.service import Protocol
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.listening import connection_routes, filters, outlets
from telltale.pilot.envoy.listening.outlets import Claim, Outlet
from telltale.pilot.envoy.routing import egress
from telltale.pilot.envoy.upstream import dynamic

_RAW = "raw_buffer"


def fill(listener: Listener, view: View, place: Outlet) -> None:
    """All chains of a place, and what they need to know of a connection."""
    chains = _distinct([
        *_by_tls(view, place), *_by_range(view, place), *_http(view, place), *_rest(view, place),
    ])  # fmt: skip
    listener.filter_chains.extend(chains)
    _look(listener, view, [one.filter_chain_match for one in chains])
    if not any(connection_routes.everything(one) for one in chains):  # nobody takes the rest
        listener.default_filter_chain.name = "PassthroughFilterChain"
        listener.default_filter_chain.filters.append(
            filters.tcp(egress.stranger(view), view.mesh.options)
        )


def _look(listener: Listener, view: View, matches: list[FilterChainMatch]) -> None:
    """Only at what a chain asks for: a server that speaks first would never be heard."""
    asked = any(one.server_names for one in matches)
    seen = any(one.application_protocols for one in matches)
    if asked:
        listener.listener_filters.append(filters.tls_inspector())
        _keep_apart(listener)
    if seen:
        listener.listener_filters.append(filters.http_inspector())
    if asked or seen:
        # Wait for the first bytes as long as the mesh says, 0 being without limit: a client may
        # open a connection before it needs it.
        limit = view.mesh.options.detection_s if seen else 0
        listener.listener_filters_timeout.FromNanoseconds(round(limit * 1e9))
        listener.continue_on_listener_filters_timeout = seen


def _keep_apart(listener: Listener) -> None:
    """TLS names its protocols as plain HTTP does; and Envoy never comes back from a match by what
    carries a connection, so that the rest must be the default of them all."""
    for chain in listener.filter_chains:
        if chain.filter_chain_match.application_protocols:
            chain.filter_chain_match.transport_protocol = _RAW
    last = listener.filter_chains[-1]
    if connection_routes.everything(last):
        listener.default_filter_chain.CopyFrom(last)
        del listener.filter_chains[-1]


def _chains(view: View, claim: Claim, asked: str = "") -> Iterator[FilterChain]:
    """What users say of a claim's connections, then the rest; `asked`: for that host only."""
    rest = FilterChain()
    held = view.traffic(claim.service, claim.port)
    cluster = names.outbound(claim.port.number, claim.service.host)
    rest.filters.extend(dynamic.look_up([(claim.service, claim.port)], view.mesh.options))
    rest.filters.append(filters.tcp(cluster, view.mesh.options, traffic=held))
    for chain in (*connection_routes.chains(view, claim.service, claim.port), rest):
        match = chain.filter_chain_match
        if asked and not match.server_names:
            match.server_names.append(asked)
        if claim.networks and not match.prefix_ranges:
            match.prefix_ranges.extend(map(_range, claim.networks))
        yield chain


def _by_tls(view: View, place: Outlet) -> Iterator[FilterChain]:
    """By the host that is asked for, where one address does not stand for one service."""
    for claim in place.claims:
        if claim.port.protocol is Protocol.TLS and not _alone(place):
            yield from _chains(view, claim, claim.service.host)


def _alone(place: Outlet) -> bool:
    first, *more = place.claims
    return not (more or place.shared or first.networks or outlets.nowhere(first.service))


def _by_range(view: View, place: Outlet) -> Iterator[FilterChain]:
    for claim in place.claims:
        if claim.networks and claim.port.protocol is not Protocol.TLS:
            yield from _chains(view, claim)


def _http(view: View, place: Outlet) -> Iterator[FilterChain]:
    """Requests: of all hosts by the table of the number, or of the one service that is here."""
    table = ""
    if place.shared:
        table = names.route(place.number)
    elif sniffed := _sniffed(place):
        table = names.sniffed_route(sniffed.service.host, sniffed.port.number)
    if not table:
        return
    web = any(one.port.protocol is Protocol.GRPC_WEB for one in place.claims)
    chain = FilterChain(name=names.listener(place.host, place.number))
    chain.filter_chain_match.application_protocols.extend(filters.HTTP_ALPN)
    chain.filters.append(
        filters.outbound_http(place.number, view.mesh.options, table=table, grpc_web=web)
    )
    yield chain


def _sniffed(place: Outlet) -> Claim | None:
    """Who is asked for HTTP at an address of its own: the eldest there, if it may speak it."""
    first = place.claims[0]
    return first if first.port.protocol is Protocol.AUTO and not first.networks else None


def _rest(view: View, place: Outlet) -> Iterator[FilterChain]:
    """What no chain above takes: the eldest service that takes anything has it."""
    for claim in place.claims:
        told_apart = claim.port.protocol.http or claim.networks
        if not told_apart and (claim.port.protocol is not Protocol.TLS or _alone(place)):
            yield from _chains(view, claim)
            return


def _range(network: str) -> CidrRange:
    address, _, length = network.partition("/")
    found = CidrRange(address_prefix=address)
    found.prefix_len.value = int(length)
    return found


def _distinct(chains: Iterable[FilterChain]) -> list[FilterChain]:
    """Envoy refuses a listener with two equal matches: the first, the elder, has it."""
    found: dict[bytes, FilterChain] = {}
    for chain in chains:
        found.setdefault(chain.filter_chain_match.SerializeToString(deterministic=True), chain)
    return list(found.values())
