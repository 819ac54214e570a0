"""The network filters of a chain: HTTP with its connection settings, or plain TCP. Pure.

Never: which chain they stand in; what is counted or logged of them (`observe`).
"""

from typing import TypeAlias

from envoy.config.core.v3.config_source_pb2 import ApiVersion
from envoy.config.listener.v3.listener_components_pb2 import Filter, ListenerFilter
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.http.cors.v3.cors_pb2 import Cors
from envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault
from envoy.extensions.filters.http.grpc_web.v3.grpc_web_pb2 import GrpcWeb
from envoy.extensions.filters.http.router.v3.router_pb2 import Router
from envoy.extensions.filters.listener.http_inspector.v3.http_inspector_pb2 import HttpInspector
from envoy.extensions.filters.listener.original_dst.v3.original_dst_pb2 import OriginalDst
from envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2 import TlsInspector
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from google.protobuf.message import Message

from telltale.model.options import Options, Paths
from telltale.model.policy import PLAIN, Traffic
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import pack
from telltale.pilot.envoy.routing import cors, faults
from telltale.pilot.envoy.upstream import limits

Http: TypeAlias = hcm.HttpConnectionManager

HTTP_ALPN = ("http/1.0", "http/1.1", "h2c")  # what the inspector calls plain HTTP


def outbound_http(
    port: int, options: Options, *, table: str = "", grpc_web: bool = False
) -> Filter:
    """HTTP to services: its routes are a table by RDS, that of the port if none is named."""
    http = _http(names.stat_prefix("outbound", port), options, grpc_web=grpc_web)
    _by_rds(http, table or names.route(port))
    return Filter(name="envoy.filters.network.http_connection_manager", typed_config=pack(http))


def edge_http(
    table: str, port: int, options: Options, *, grpc_web: bool = False, before: int = 0
) -> Filter:
    """HTTP from outside the mesh, at a gateway: who asks is the other end of the connection.

    `before`: so many proxies stand there before us, and tell us in x-forwarded-for who it is.
    """
    http = _http(names.stat_prefix("outbound", port), options, grpc_web=grpc_web)
    _by_rds(http, table)
    http.use_remote_address.value = True
    http.xff_num_trusted_hops = before
    http.server_name = "istio-envoy"
    http.forward_client_cert_details = Http.SANITIZE_SET
    http.set_current_client_cert_details.subject.value = True
    http.set_current_client_cert_details.cert = True
    http.set_current_client_cert_details.dns = True
    http.set_current_client_cert_details.uri = True
    return Filter(name="envoy.filters.network.http_connection_manager", typed_config=pack(http))


def _by_rds(http: Http, table: str) -> None:
    http.rds.route_config_name = table
    http.rds.config_source.ads.SetInParent()
    http.rds.config_source.resource_api_version = ApiVersion.V3
    http.rds.config_source.initial_fetch_timeout.SetInParent()  # 0: wait, do not serve without


def inbound_http(
    port: int, route: RouteConfiguration, options: Options, *, grpc_web: bool = False
) -> Filter:
    """HTTP to the workload itself: its one route is in place."""
    http = _http(names.stat_prefix("inbound", port), options, grpc_web=grpc_web)
    http.route_config.CopyFrom(route)
    http.server_name = "istio-envoy"
    http.forward_client_cert_details = Http.APPEND_FORWARD
    http.set_current_client_cert_details.subject.value = True
    http.set_current_client_cert_details.uri = True
    http.set_current_client_cert_details.dns = True
    return Filter(name="envoy.filters.network.http_connection_manager", typed_config=pack(http))


def tcp(
    cluster: str, options: Options, stat_prefix: str = "", traffic: Traffic = PLAIN
) -> Filter:
    """Bytes to a cluster, unread."""
    proxy = TcpProxy(stat_prefix=stat_prefix or cluster, cluster=cluster)
    limits.limit_tcp(proxy, traffic)
    return Filter(name="envoy.filters.network.tcp_proxy", typed_config=pack(proxy))


def tcp_split(
    shares: list[tuple[str, int]], options: Options, stat_prefix: str, traffic: Traffic
) -> Filter:
    """Connections to several clusters, by weight; each is given to one of them whole."""
    if len(shares) == 1:
        return tcp(shares[0][0], options, traffic=traffic)
    proxy = TcpProxy(stat_prefix=stat_prefix)
    for cluster, weight in shares:
        proxy.weighted_clusters.clusters.add(name=cluster, weight=weight)
    limits.limit_tcp(proxy, traffic)
    return Filter(name="envoy.filters.network.tcp_proxy", typed_config=pack(proxy))


def original_dst() -> ListenerFilter:
    """Where the client meant to go, before the redirect."""
    return ListenerFilter(
        name="envoy.filters.listener.original_dst", typed_config=pack(OriginalDst())
    )


def http_inspector() -> ListenerFilter:
    """Whether the first bytes are HTTP."""
    return ListenerFilter(
        name="envoy.filters.listener.http_inspector", typed_config=pack(HttpInspector())
    )


def tls_inspector() -> ListenerFilter:
    """Which host a TLS client asks for."""
    return ListenerFilter(
        name="envoy.filters.listener.tls_inspector", typed_config=pack(TlsInspector())
    )


def _http(stat_prefix: str, options: Options, *, grpc_web: bool) -> Http:
    http = Http(stat_prefix=stat_prefix, codec_type=Http.AUTO, proxy_100_continue=True)
    _normalize(http, options.paths)
    http.stream_idle_timeout.SetInParent()  # 0: a quiet stream is not a dead one
    http.upgrade_configs.add(upgrade_type="websocket")
    http.use_remote_address.value = False
    http.http_protocol_options.accept_http_10 = True  # nginx and ab still speak it by default
    if grpc_web:
        http.http_filters.append(_http_filter("envoy.filters.http.grpc_web", GrpcWeb()))
    http.http_filters.append(_http_filter(faults.FILTER, HTTPFault()))  # as a route says
    http.http_filters.append(_http_filter(cors.FILTER, Cors()))
    http.http_filters.append(_http_filter("envoy.filters.http.router", Router()))
    return http


def _normalize(http: Http, paths: Paths) -> None:
    http.normalize_path.value = paths is not Paths.AS_SENT
    http.merge_slashes = paths in (Paths.SLASHES, Paths.ESCAPES)
    http.path_with_escaped_slashes_action = (
        Http.UNESCAPE_AND_FORWARD if paths is Paths.ESCAPES else Http.KEEP_UNCHANGED
    )


def _http_filter(name: str, config: Message) -> hcm.HttpFilter:
    return hcm.HttpFilter(name=name, typed_config=pack(config))
