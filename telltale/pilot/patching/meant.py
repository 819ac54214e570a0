"""Whether a patch means a listener, chain, filter, table, host, route or cluster. Pure."""

import re

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.base_pb2 import INBOUND
from envoy.config.listener.v3.listener_components_pb2 import FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.patch import Context, Where

# What EnvoyFilters still call some filters.
_FORMER = {
    "envoy.http_connection_manager": "envoy.filters.network.http_connection_manager",
    "envoy.tcp_proxy": "envoy.filters.network.tcp_proxy",
    "envoy.router": "envoy.filters.http.router",
    "envoy.cors": "envoy.filters.http.cors",
    "envoy.fault": "envoy.filters.http.fault",
    "envoy.filters.http.jwt_auth": "envoy.filters.http.jwt_authn",
    "envoy.lua": "envoy.filters.http.lua",
    "envoy.listener.tls_inspector": "envoy.filters.listener.tls_inspector",
    "envoy.listener.http_inspector": "envoy.filters.listener.http_inspector",
    "envoy.listener.original_dst": "envoy.filters.listener.original_dst",
}
_ACTIONS = {"ROUTE": "route", "REDIRECT": "redirect", "DIRECT_RESPONSE": "direct_response"}
_NUMBER = re.compile(r"[0-9]+")


def context(wanted: Context, here: Context) -> bool:
    return wanted in (Context.ANY, here)


def side(listener: Listener) -> Context:
    """Of a sidecar's listener."""
    return Context.INBOUND if listener.traffic_direction == INBOUND else Context.OUTBOUND


def listener(where: Where, one: Listener) -> bool:
    """A port of the inbound listener, which serves them all, is one of its chains'."""
    if where.name and where.name != one.name:
        return False
    if not where.port or where.port == one.address.socket_address.port_value:
        return True
    ports = {chain.filter_chain_match.destination_port.value for chain in one.filter_chains}
    return one.traffic_direction == INBOUND and where.port in ports


def chain(where: Where, of: Listener, one: FilterChain) -> bool:
    match = one.filter_chain_match
    port = match.destination_port.value
    own = of.address.socket_address.port_value
    return (
        (not where.chain or where.chain == one.name)
        and (not where.sni or where.sni in match.server_names)
        and (not where.transport or where.transport == match.transport_protocol)
        and (not where.protocols or {*where.protocols} <= {*match.application_protocols})
        and (not where.destination_port or where.destination_port == port)
        and (not where.port or where.port in (own, port))
        and (not where.filter or any(named(where.filter, filter.name) for filter in one.filters))
    )


def named(wanted: str, name: str) -> bool:
    return name == wanted or name == _FORMER.get(wanted)


def table(where: Where, one: RouteConfiguration) -> bool:
    """Port and gateway are in a table's name: `9080`, `inbound|9080||`, `https.443.NAME.GW.NS`."""
    numbers = [int(found) for found in _NUMBER.findall(one.name.rpartition(":")[2])]
    namespace, _, gateway = where.gateway.rpartition("/")
    return (
        (not where.name or where.name == one.name)
        and (not where.port or numbers[:1] == [where.port])
        and (not gateway or "https." not in one.name or f".{gateway}.{namespace}" in one.name)
    )


def host(where: Where, one: VirtualHost) -> bool:
    return (not where.host or where.host == one.name) and (
        not where.domain or where.domain in one.domains
    )


def route(where: Where, one: Route) -> bool:
    wanted = _ACTIONS.get(where.action)
    return (not where.route or where.route == one.name) and (
        wanted is None or one.HasField(wanted)
    )


def cluster(where: Where, one: Cluster) -> bool:
    direction, _, rest = one.name.partition("|")
    port, subset, service = (*rest.split("|"), "", "")[:3] if rest else ("", "", "")
    return (
        (not where.name or where.name == one.name)
        and (not where.port or port == str(where.port))
        and (not where.subset or where.subset == subset)
        and (not where.service or where.service == service)
        and bool(direction)
    )
