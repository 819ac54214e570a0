"""DestinationRule (networking.istio.io): what holds for connections to a host, and its subsets.

Never: its meaning.
"""

from typing import Literal

from telltale.kube.codec import Object
from telltale.kube.istio.message import (
    Count,
    Duration,
    Message,
    Percent,
    PortSelector,
    Selector,
)


class CookieAttribute(Message):
    name: str = ""
    value: str = ""


class HttpCookie(Message):
    name: str = ""
    path: str = ""
    ttl: Duration | None = None
    attributes: list[CookieAttribute] = []


class RingHash(Message):
    minimum_ring_size: Count = 0


class MagLev(Message):
    table_size: Count = 0


class ConsistentHash(Message):
    http_header_name: str | None = None
    http_cookie: HttpCookie | None = None
    use_source_ip: bool | None = None
    http_query_parameter_name: str | None = None
    ring_hash: RingHash | None = None
    maglev: MagLev | None = None
    minimum_ring_size: Count = 0


class Distribute(Message):
    from_: str = ""
    to: dict[str, Count] = {}


class Failover(Message):
    from_: str = ""
    to: str = ""


class LocalityLoadBalancer(Message):
    distribute: list[Distribute] = []
    failover: list[Failover] = []
    failover_priority: list[str] = []
    enabled: bool | None = None


class Warmup(Message):
    duration: Duration | None = None
    minimum_percent: float | None = None
    aggression: float | None = None


class LoadBalancer(Message):
    simple: (
        Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN",
                "LEAST_REQUEST"] | None
    ) = None  # fmt: skip
    consistent_hash: ConsistentHash | None = None
    locality_lb_setting: LocalityLoadBalancer | None = None
    zone_aware_lb_setting: Object | None = None
    warmup: Warmup | None = None
    warmup_duration_secs: Duration | None = None


class TcpKeepalive(Message):
    probes: Count = 0
    time: Duration | None = None
    interval: Duration | None = None


class TcpPool(Message):
    max_connections: int = 0
    connect_timeout: Duration | None = None
    tcp_keepalive: TcpKeepalive | None = None
    max_connection_duration: Duration | None = None
    idle_timeout: Duration | None = None


class Http2KeepAlive(Message):
    interval: Duration | None = None
    timeout: Duration | None = None


class HttpPool(Message):
    http1_max_pending_requests: int = 0
    http2_max_requests: int = 0
    max_requests_per_connection: int = 0
    max_retries: int = 0
    idle_timeout: Duration | None = None
    h2_upgrade_policy: Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"] = "DEFAULT"
    use_client_protocol: bool = False
    max_concurrent_streams: int = 0
    http2_keep_alive: Http2KeepAlive | None = None


class ConnectionPool(Message):
    tcp: TcpPool | None = None
    http: HttpPool | None = None


class OutlierDetection(Message):
    consecutive_errors: int = 0
    split_external_local_origin_errors: bool = False
    consecutive_local_origin_failures: Count | None = None
    consecutive_gateway_errors: Count | None = None
    consecutive5xx_errors: Count | None = None
    interval: Duration | None = None
    base_ejection_time: Duration | None = None
    max_ejection_percent: int = 0
    min_health_percent: int = 0
    outlier_detection_http_error_codes: list[int] = []


class ClientTls(Message):
    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] = "DISABLE"
    client_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    credential_name: str = ""
    subject_alt_names: list[str] = []
    sni: str = ""
    insecure_skip_verify: bool | None = None
    ca_crl: str = ""


class Tunnel(Message):
    protocol: str = ""
    target_host: str = ""
    target_port: int = 0


class ProxyProtocol(Message):
    version: Literal["V1", "V2"] = "V1"


class RetryBudget(Message):
    percent: Percent | None = None
    min_retry_concurrency: int = 0
    budget_interval: Duration | None = None


class PortTrafficPolicy(Message):
    port: PortSelector | None = None
    load_balancer: LoadBalancer | None = None
    connection_pool: ConnectionPool | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTls | None = None


class TrafficPolicy(Message):
    load_balancer: LoadBalancer | None = None
    connection_pool: ConnectionPool | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTls | None = None
    port_level_settings: list[PortTrafficPolicy] = []
    tunnel: Tunnel | None = None
    proxy_protocol: ProxyProtocol | None = None
    retry_budget: RetryBudget | None = None


class Subset(Message):
    name: str = ""
    labels: dict[str, str] = {}
    traffic_policy: TrafficPolicy | None = None


class DestinationRule(Message):
    host: str = ""
    traffic_policy: TrafficPolicy | None = None
    subsets: list[Subset] = []
    export_to: list[str] = []
    workload_selector: Selector | None = None
