"""What comes in for a container port: a chain for what it speaks, two where that is not said. Pure.

Never: where it goes (`served`), routes.
"""

from collections.abc import Iterable, Iterator

from envoy.config.listener.v3.listener_components_pb2 import (
    Filter,
    FilterChain,
    ListenerFilterChainMatchPredicate,
)
from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.model.options import Options
from telltale.model.policy import Traffic
from telltale.model.service import Protocol
from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.listening import filters
from telltale.pilot.envoy.routing import routes

ANY = "0.0.0.0"


def fill(listener: Listener, targets: Iterable[Target], options: Options) -> None:
    """The chains of the listener for everything, and the look at the first bytes if one needs it.

    Only there: a server that speaks first on a declared port would never be heard.
    """
    given = [one for one in targets if one.led]
    for target in given:
        listener.filter_chains.extend(chains(target, options))
    sniffed = [one.port for one in given if one.protocol is Protocol.AUTO]
    if sniffed:
        inspector = filters.http_inspector()
        inspector.filter_disabled.not_match.CopyFrom(_on(sniffed))
        listener.listener_filters.append(inspector)
        _wait(listener, options)


def chains(target: Target, options: Options) -> Iterator[FilterChain]:
    if target.protocol is Protocol.AUTO:
        http = _chain(target)
        http.filter_chain_match.application_protocols.extend(filters.HTTP_ALPN)
        http.filters.append(_requests(target, options))
        yield http
    rest = _chain(target)
    rest.filters.append(
        _requests(target, options) if target.protocol.http
        else filters.tcp(names.inbound(target.port), options, traffic=Traffic(pool=target.pool))
    )  # fmt: skip
    yield rest


def alone(listener: Listener, target: Target, options: Options) -> None:
    """The same for a listener that is dialled itself."""
    for chain in chains(target, options):
        chain.filter_chain_match.ClearField("destination_port")
        chain.filter_chain_match.ClearField("prefix_ranges")
        listener.filter_chains.append(chain)
    if target.protocol is Protocol.AUTO:
        listener.listener_filters.append(filters.http_inspector())
        _wait(listener, options)


def _chain(target: Target) -> FilterChain:
    chain = FilterChain(name=names.listener(target.bind or ANY, target.port))
    chain.filter_chain_match.destination_port.value = target.port
    if target.bind and target.bind != ANY:
        only = chain.filter_chain_match.prefix_ranges.add(address_prefix=target.bind)
        only.prefix_len.value = 128 if ":" in target.bind else 32
    return chain


def _requests(target: Target, options: Options) -> Filter:
    web = target.protocol is Protocol.GRPC_WEB
    return filters.inbound_http(target.port, routes.inbound(target), options, grpc_web=web)


def _wait(listener: Listener, options: Options) -> None:
    listener.listener_filters_timeout.FromNanoseconds(round(options.detection_s * 1e9))
    listener.continue_on_listener_filters_timeout = True


def _on(ports: list[int]) -> ListenerFilterChainMatchPredicate:
    rules = [ListenerFilterChainMatchPredicate() for _ in ports]
    for rule, port in zip(rules, ports, strict=True):
        rule.destination_port_range.start = port
        rule.destination_port_range.end = port + 1
    if len(rules) == 1:
        return rules[0]
    return ListenerFilterChainMatchPredicate(
        or_match=ListenerFilterChainMatchPredicate.MatchSet(rules=rules)
    )
