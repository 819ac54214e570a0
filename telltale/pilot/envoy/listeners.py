"""Listeners: what a sidecar does with each connection, going out and coming in. Pure.

Out: one listener a port number for HTTP, one an address for TCP, and `virtualOutbound`, to which
the redirect sends everything and which hands over by the original address. In: `virtualInbound`.
"""

from collections.abc import Iterable

from envoy.config.core.v3.base_pb2 import INBOUND, OUTBOUND
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.model.mesh import Mesh
from telltale.model.options import Options
from telltale.model.service import Discovery, Port, Protocol, Service
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import connection_routes, filters, names, routes, strangers
from telltale.pilot.envoy.resources import address

ANY, LOOPBACK = "0.0.0.0", "127.0.0.1"


def outbound(view: View, own: frozenset[str], *, redirected: bool) -> tuple[Listener, ...]:
    """All that goes out of a workload whose own addresses are `own`."""
    claimed = (*_http(view), *_tcp(view, own))
    if redirected:
        for listener in claimed:
            listener.bind_to_port.value = False
        return (*claimed, virtual_outbound(view.mesh.options))
    for listener in claimed:  # nobody hands over: listen where a client on this machine can dial
        if listener.address.socket_address.address == ANY:
            listener.address.socket_address.address = LOOPBACK
    return claimed


def inbound(
    targets: tuple[Target, ...], options: Options, *, redirected: bool
) -> tuple[Listener, ...]:
    """All that comes in; nothing when the workload is dialled itself."""
    return (virtual_inbound(targets, options),) if redirected else ()


def virtual_outbound(options: Options) -> Listener:
    """Where the redirect sends what goes out; what no listener claims passes through."""
    listener = _listener(names.VIRTUAL_OUTBOUND, ANY, names.OUTBOUND_PORT)
    listener.use_original_dst.value = True
    loop = listener.filter_chains.add(name="virtualOutbound-blackhole")
    loop.filter_chain_match.destination_port.value = names.OUTBOUND_PORT
    loop.filters.append(filters.tcp(names.BLACK_HOLE, options))
    rest = listener.filter_chains.add(name="virtualOutbound-catchall-tcp")
    rest.filters.append(filters.tcp(names.PASSTHROUGH, options))
    return listener


def virtual_inbound(targets: tuple[Target, ...], options: Options) -> Listener:
    """Where the redirect sends what comes in: a chain a container port that a Service names."""
    listener = _listener(names.VIRTUAL_INBOUND, ANY, names.INBOUND_PORT)
    listener.traffic_direction = INBOUND
    listener.listener_filters.append(filters.original_dst())
    loop = listener.filter_chains.add(name="virtualInbound-blackhole")
    loop.filter_chain_match.destination_port.value = names.INBOUND_PORT
    loop.filters.append(filters.tcp(names.BLACK_HOLE, options))
    for target in targets:
        listener.filter_chains.append(_inbound(target, options))
    rest = listener.filter_chains.add(name=names.VIRTUAL_INBOUND)
    rest.filters.append(filters.tcp(names.INBOUND_PASSTHROUGH, options))
    return listener


def _inbound(target: Target, options: Options) -> FilterChain:
    chain = FilterChain(name=names.listener(ANY, target.port))
    chain.filter_chain_match.destination_port.value = target.port
    chain.filters.append(_serve(target, options))
    return chain


def _serve(target: Target, options: Options) -> Filter:
    if not target.protocol.http:
        return filters.tcp(names.inbound(target.port), options)
    web = target.protocol is Protocol.GRPC_WEB
    return filters.inbound_http(target.port, routes.inbound(target), options, grpc_web=web)


def _http(view: View) -> Iterable[Listener]:
    """One listener a port number for all services that speak HTTP there, told apart by host."""
    spoken: dict[int, bool] = {}
    for _, port in _ports(view, http=True):
        web = port.protocol is Protocol.GRPC_WEB
        spoken[port.number] = spoken.get(port.number, False) or web
    for number in strangers.of(view):
        spoken.setdefault(number, False)
    return [_wildcard(number, view.mesh.options, web) for number, web in sorted(spoken.items())]


def _wildcard(number: int, options: Options, grpc_web: bool) -> Listener:
    listener = _listener(names.listener(ANY, number), ANY, number)
    # What is not HTTP on this port is for a host that the mesh does not know: let it through.
    # Wait for the first bytes without limit, for a client may open a connection before it needs it.
    listener.listener_filters.append(filters.http_inspector())
    listener.listener_filters_timeout.SetInParent()
    listener.continue_on_listener_filters_timeout = True
    chain = listener.filter_chains.add(name=listener.name)
    chain.filter_chain_match.application_protocols.extend(filters.HTTP_ALPN)
    chain.filters.append(filters.outbound_http(number, options, grpc_web=grpc_web))
    listener.default_filter_chain.name = "PassthroughFilterChain"
    listener.default_filter_chain.filters.append(filters.tcp(names.PASSTHROUGH, options))
    return listener


def _tcp(view: View, own: frozenset[str]) -> Iterable[Listener]:
    """One listener an address and port; the elder service has it where two claim the same."""
    found: dict[str, Listener] = {}
    for service, port in _ports(view, http=False):
        for host, number in _heard(view.mesh, service, port, own):
            name = names.listener(host, number)
            if name not in found:
                found[name] = _listener(name, host, number)
                connection_routes.fill(found[name], view, service, port)
    return [found[name] for name in sorted(found)]


def _heard(
    mesh: Mesh, service: Service, port: Port, own: frozenset[str]
) -> Iterable[tuple[str, int]]:
    """Where clients dial a TCP port: its virtual addresses, or each endpoint but one's own."""
    if service.discovery is Discovery.VIRTUAL:
        return [(host, port.number) for host in service.addresses]
    return [
        (endpoint.address, endpoint.port)
        for endpoint in mesh.behind(service, port)
        if endpoint.address not in own
    ]


def _ports(view: View, *, http: bool) -> Iterable[tuple[Service, Port]]:
    return (pair for pair in view.ports() if pair[1].protocol.http is http)


def _listener(name: str, host: str, port: int) -> Listener:
    listener = Listener(name=name, traffic_direction=OUTBOUND)
    listener.address.CopyFrom(address(host, port))
    listener.max_connections_to_accept_per_socket_event.value = 1
    return listener
