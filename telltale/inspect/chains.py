"""Which listener and filter chain takes a connection, by Envoy's own rules. Pure.

Never: routes. A chain is narrowed down one criterion after another and never back (Envoy's
FilterChainMatch): destination port, address, server name, transport, application protocol.
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from telltale.inspect.texts import Message

_HTTP_INSPECTOR = "envoy.filters.listener.http_inspector"
_TLS_INSPECTOR = "envoy.filters.listener.tls_inspector"
ANY = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Connection:
    """`address` is "" when nobody here knows it: a name that only the client's DNS resolves."""

    address: str
    port: int
    sni: str = ""
    tls: bool = False
    http: bool = True


def listener(listeners: Iterable[Message], connection: Connection) -> Message | None:
    """The one for the address, else that for the port, else the one that takes what is left."""
    outbound = [one for one in listeners if one.traffic_direction != 1]
    for wanted in ((connection.address,), ANY):
        for one in outbound:
            place = one.address.socket_address
            if place.address in wanted and place.port_value == connection.port:
                return one
    return next((one for one in outbound if one.use_original_dst.value), None)


def chain(found: Message, connection: Connection) -> Message | None:
    """The filter chain of a listener; None when the connection is closed at once."""
    seen = _seen(found, connection)
    left = list(found.filter_chains)
    for narrow in (_by_port, _by_address, _by_name, _by_transport, _by_application):
        left = narrow(left, seen)
    if left:
        return left[0]
    return found.default_filter_chain if found.HasField("default_filter_chain") else None


def _seen(found: Message, connection: Connection) -> Connection:
    """What the listener's inspectors can tell of the connection."""
    known = {one.name for one in found.listener_filters}
    tls = connection.tls and _TLS_INSPECTOR in known
    http = connection.http and not connection.tls and _HTTP_INSPECTOR in known
    sni = connection.sni if tls else ""
    return Connection(connection.address, connection.port, sni, tls, http)


def _narrowed(
    left: list[Message], rank: Callable[[Message], int | None]
) -> list[Message]:
    """Those that fit best. A rank of 0 asks for nothing; None does not fit."""
    ranks = [(found, one) for one in left if (found := rank(one.filter_chain_match)) is not None]
    best = max((found for found, _ in ranks), default=0)
    return [one for found, one in ranks if found == best]


def _by_port(left: list[Message], seen: Connection) -> list[Message]:
    def rank(match: Message) -> int | None:
        if not match.HasField("destination_port"):
            return 0
        return 1 if match.destination_port.value == seen.port else None

    return _narrowed(left, rank)


def _by_address(left: list[Message], seen: Connection) -> list[Message]:
    def rank(match: Message) -> int | None:
        if not match.prefix_ranges:
            return 0
        lengths = [
            one.prefix_len.value + 1 for one in match.prefix_ranges
            if _within(seen.address, one.address_prefix, one.prefix_len.value)
        ]  # fmt: skip
        return max(lengths, default=None)

    return _narrowed(left, rank)


def _within(address: str, prefix: str, length: int) -> bool:
    try:
        network = ipaddress.ip_network(f"{prefix}/{length}", strict=False)
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def _by_name(left: list[Message], seen: Connection) -> list[Message]:
    def rank(match: Message) -> int | None:
        if not match.server_names:
            return 0
        return max(
            (len(one) + 1 for one in match.server_names if _names(one.lower(), seen.sni)),
            default=None,
        )

    return _narrowed(left, rank)


def _names(pattern: str, sni: str) -> bool:
    return pattern == sni or (pattern.startswith("*.") and sni.endswith(pattern[1:]))


def _by_transport(left: list[Message], seen: Connection) -> list[Message]:
    spoken = "tls" if seen.tls else "raw_buffer"

    def rank(match: Message) -> int | None:
        if not match.transport_protocol:
            return 0
        return 1 if match.transport_protocol == spoken else None

    return _narrowed(left, rank)


def _by_application(left: list[Message], seen: Connection) -> list[Message]:
    def rank(match: Message) -> int | None:
        if not match.application_protocols:
            return 0
        return 1 if seen.http and "http/1.1" in match.application_protocols else None

    return _narrowed(left, rank)
