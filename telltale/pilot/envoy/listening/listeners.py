"""Listeners: what a sidecar does with each connection, going out and coming in. Pure.

Out: one listener a port number for HTTP, one an address for TCP, and `virtualOutbound`, to which
the redirect sends everything and which hands over by the original address. In: `virtualInbound`.
"""

from collections.abc import Iterable, Iterator

from envoy.config.core.v3.base_pb2 import INBOUND, OUTBOUND
from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.model.options import Options
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.listening import filters, incoming, outgoing
from telltale.pilot.envoy.listening.outlets import Outlet
from telltale.pilot.envoy.resources import address
from telltale.pilot.envoy.routing import egress

ANY, LOOPBACK = "0.0.0.0", "127.0.0.1"


def outbound(view: View, place: Outlet, *, redirected: bool) -> Listener:
    """What goes out at a place."""
    listener = _listener(names.listener(place.host, place.number), place.host, place.number)
    outgoing.fill(listener, view, place)
    if redirected and place.led:
        listener.bind_to_port.value = False
    elif place.host == ANY:  # nobody hands over: listen where a client here can dial
        listener.address.socket_address.address = LOOPBACK
    return listener


def inbound(
    targets: tuple[Target, ...], options: Options, *, redirected: bool
) -> tuple[Listener, ...]:
    """All that comes in; nothing when the workload is dialled itself, but where it is said."""
    apart = tuple(_apart(targets, options))
    return (virtual_inbound(targets, options), *apart) if redirected else apart


def distinct(made: Iterable[Listener]) -> tuple[Listener, ...]:
    """Names are addresses, and Envoy refuses two listeners at one: the first has it."""
    found: dict[str, Listener] = {}
    for one in made:
        found.setdefault(one.name, one)
    return tuple(found.values())


def virtual_outbound(view: View) -> Listener:
    """Where the redirect sends what goes out; what no listener claims is for nobody known."""
    options = view.mesh.options
    listener = _listener(names.VIRTUAL_OUTBOUND, ANY, names.OUTBOUND_PORT)
    listener.use_original_dst.value = True
    loop = listener.filter_chains.add(name="virtualOutbound-blackhole")
    loop.filter_chain_match.destination_port.value = names.OUTBOUND_PORT
    loop.filters.append(filters.tcp(names.BLACK_HOLE, options))
    rest = listener.filter_chains.add(name="virtualOutbound-catchall-tcp")
    rest.filters.append(filters.tcp(egress.stranger(view), options))
    return listener


def virtual_inbound(targets: tuple[Target, ...], options: Options) -> Listener:
    """Where the redirect sends what comes in: a chain a container port that a Service names."""
    listener = _listener(names.VIRTUAL_INBOUND, ANY, names.INBOUND_PORT)
    listener.traffic_direction = INBOUND
    listener.listener_filters.append(filters.original_dst())
    loop = listener.filter_chains.add(name="virtualInbound-blackhole")
    loop.filter_chain_match.destination_port.value = names.INBOUND_PORT
    loop.filters.append(filters.tcp(names.BLACK_HOLE, options))
    incoming.fill(listener, targets, options)
    rest = listener.filter_chains.add(name=names.VIRTUAL_INBOUND)
    rest.filters.append(filters.tcp(names.INBOUND_PASSTHROUGH, options))
    return listener


def _apart(targets: tuple[Target, ...], options: Options) -> Iterator[Listener]:
    """Ports that nobody leads anything to: each is dialled itself."""
    for target in targets:
        if not target.led:
            host = target.bind or ANY
            listener = _listener(names.listener(host, target.port), host, target.port)
            listener.traffic_direction = INBOUND
            incoming.alone(listener, target, options)
            yield listener


def _listener(name: str, host: str, port: int) -> Listener:
    listener = Listener(name=name, traffic_direction=OUTBOUND)
    listener.address.CopyFrom(address(host, port))
    listener.max_connections_to_accept_per_socket_event.value = 1
    return listener
