"""Envoy's static configuration: who it is, where its pilot is, and how it finds its way back to it.
Pure.

Sources: Istio's `envoy_bootstrap.json` for shape and names; Istio 1.1 for a cluster `xds-grpc` that
resolves and dials the pilot itself, so that a dead cluster DNS shows where the article shows it.
Never: a listener for traffic (those come from the pilot), or a port of the readiness answer (15020
is the agent's).
"""

from collections.abc import Sequence

from telltale.agent.settings import Settings

Json = dict[str, object]

TYPE = "type.googleapis.com/"
_NET = TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_HTTP = TYPE + "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

# What is counted. Envoy with no matcher spends 15 KB a cluster on statistics that nobody reads.
_PREFIXES = (
    "cluster_manager", "listener_manager", "server", "control_plane", "cluster.xds-grpc",
    "istio", "reporter=", "component", "wasm", "overload",
)  # fmt: skip
_SUFFIXES = (
    "rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied", "downstream_cx_active",
    "downstream_rq_active", "downstream_rq_total", "downstream_rq_2xx", "downstream_rq_5xx",
    "upstream_cx_connect_fail", "upstream_rq_total", "upstream_rq_2xx", "upstream_rq_5xx",
)  # fmt: skip


def bootstrap(settings: Settings) -> Json:
    """The whole of it, ready to be written as JSON."""
    return {
        "application_log_config": _log_format(),
        "node": {
            "id": settings.node_id,
            "cluster": settings.cluster,
            "metadata": dict(settings.metadata),
        },
        "layered_runtime": _runtime(),
        "bootstrap_extensions": [
            _typed(
                "envoy.bootstrap.internal_listener",
                "bootstrap.internal_listener.v3.InternalListener",
            )
        ],
        "stats_config": _stats(),
        "deferred_stat_options": {"enable_deferred_creation_stats": True},
        "cluster_manager": {"enable_deferred_cluster_creation": True},
        "admin": {"address": _address("127.0.0.1", settings.ports.admin)},
        "dynamic_resources": _dynamic(),
        "static_resources": {
            "clusters": [
                _local_cluster("prometheus_stats", settings.ports.admin),
                _local_cluster("agent", settings.ports.status),
                _pilot_cluster(settings),
            ],
            "listeners": _listeners(settings),
        },
        "overload_manager": _overload(),
    }


def _dynamic() -> Json:
    # Without a pilot Envoy goes on after this time and listens on 15090, as the article's netstat
    # shows; with 0 it would wait for ever and listen nowhere. Readiness does not depend on it
    # (readiness.py counts what was received).
    from_ads: Json = {"ads": {}, "initial_fetch_timeout": "2s", "resource_api_version": "V3"}
    return {
        "lds_config": dict(from_ads),
        "cds_config": dict(from_ads),
        "ads_config": {
            "api_type": "DELTA_GRPC",
            "transport_api_version": "V3",
            "set_node_on_first_message_only": True,
            "grpc_services": [
                {
                    "envoy_grpc": {
                        "cluster_name": "xds-grpc",
                        # Envoy's own cap is 30 s: a pod would stay 1/2 that long after the mend.
                        "retry_policy": {
                            "retry_back_off": {"base_interval": "0.250s", "max_interval": "2s"}
                        },
                    }
                }
            ],
        },
    }


def _pilot_cluster(settings: Settings) -> Json:
    limits = {"max_connections": 100000, "max_pending_requests": 100000, "max_requests": 100000}
    return {
        "name": "xds-grpc",
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "dns_lookup_family": "V4_ONLY" if "." in settings.ip else "AUTO",
        # Envoy 1.40 prefers these in `cluster_type: envoy.cluster.dns`; STRICT_DNS is the word
        # users know.
        "dns_refresh_rate": "5s",
        "dns_failure_refresh_rate": {"base_interval": "1s", "max_interval": "2s"},
        "typed_dns_resolver_config": _typed(
            "envoy.network.dns_resolver.cares",
            "network.dns_resolver.cares.v3.CaresDnsResolverConfig",
            # One short try: the refresh above is the retry. A new port each query, so that no
            # conntrack entry made while the address was dead outlives the mend.
            query_timeout_seconds=1,
            query_tries=1,
            udp_max_queries=1,
            reinit_channel_on_timeout=True,
        ),
        "circuit_breakers": {
            "thresholds": [{"priority": priority, **limits} for priority in ("DEFAULT", "HIGH")]
        },
        # A pilot that vanishes without a FIN is noticed by the ping, not by TCP after minutes.
        "upstream_connection_options": {
            "tcp_keepalive": {"keepalive_time": 30, "keepalive_interval": 5, "keepalive_probes": 3}
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": _HTTP,
                "explicit_http_config": {
                    "http2_protocol_options": {
                        "connection_keepalive": {"interval": "10s", "timeout": "5s"}
                    }
                },
            }
        },
        "load_assignment": _assignment("xds-grpc", settings.target.host, settings.target.port),
    }


def _local_cluster(name: str, port: int) -> Json:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "0.250s",
        "load_assignment": _assignment(name, "127.0.0.1", port),
    }


def _listeners(settings: Settings) -> list[Json]:
    """For scrapes; and at a gateway, whose Service has that port, for load balancers that probe."""
    found = [_listener(settings.ports.prometheus, "stats", "/stats/prometheus", "prometheus_stats")]
    if settings.router:
        found.append(_listener(settings.ports.health, "agent", "/healthz/ready", "agent"))
    return found


def _listener(port: int, stat_prefix: str, path: str, cluster: str) -> Json:
    route = {"match": {"prefix": path}, "route": {"cluster": cluster}}
    connections: Json = {
        "@type": _NET,
        "stat_prefix": stat_prefix,
        "codec_type": "AUTO",
        "route_config": {
            "virtual_hosts": [{"name": "backend", "domains": ["*"], "routes": [route]}]
        },
        "http_filters": [_typed("envoy.filters.http.router", "filters.http.router.v3.Router")],
    }
    return {
        "name": f"0.0.0.0_{port}",
        "address": _address("0.0.0.0", port),
        "enable_reuse_port": False,  # one socket, however many workers: scrapes are few
        "ignore_global_conn_limit": True,
        "bypass_overload_manager": True,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": connections,
                    }
                ]
            }
        ],
    }


def _stats() -> Json:
    patterns = [{"prefix": prefix} for prefix in _PREFIXES]
    patterns += [{"suffix": suffix} for suffix in _SUFFIXES]
    return {
        "use_all_default_tags": False,
        "stats_tags": _tags(
            ("cluster_name", r"^cluster\.((.+);\.)"),
            ("http_conn_manager_prefix", r"^http\.((.+);\.)"),
            ("response_code_class", r"_rq(_(\dxx))$"),
            ("response_code", r"_rq(_(\d{3}))$"),
            (
                "listener_address",
                r"^listener\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)",
            ),
        ),
        "stats_matcher": {"inclusion_list": {"patterns": patterns}},
    }


def _tags(*named: tuple[str, str]) -> list[Json]:
    return [{"tag_name": name, "regex": regex} for name, regex in named]


def _runtime() -> Json:
    values = {
        "re2.max_program_size.error_level": 32768,
        "envoy.reloadable_features.http_reject_path_with_fragment": False,
    }
    return {
        "layers": [
            {"name": "global config", "static_layer": values},
            {"name": "admin", "admin_layer": {}},
        ]
    }


def _overload() -> Json:
    return {
        "resource_monitors": [
            _typed(
                "envoy.resource_monitors.global_downstream_max_connections",
                "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                max_active_downstream_connections=2147483647,
            )
        ]
    }


def _log_format() -> Json:
    return {"log_format": {"text_format": "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t"}}


def _typed(name: str, type_name: str, **fields: object) -> Json:
    return {
        "name": name,
        "typed_config": {"@type": f"{TYPE}envoy.extensions.{type_name}", **fields},
    }


def _assignment(cluster: str, host: str, port: int) -> Json:
    endpoint = {"endpoint": {"address": _address(host, port)}}
    endpoints: Sequence[Json] = [{"lb_endpoints": [endpoint]}]
    return {"cluster_name": cluster, "endpoints": endpoints}


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}
