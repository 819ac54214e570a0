"""DestinationRule (networking.istio.io): what holds for connections to a host, and its subsets.

Never: its meaning.
"""

from typing import ClassVar, Literal

from telltale.kube.codec import Object
from telltale.kube.demands import Demands
from telltale.kube.istio.message import (
    AnyDuration,
    Count,
    Duration,
    Message,
    Percent,
    PortSelector,
    Selector,
)


class CookieAttribute(Message):
    name: str = ""
    """The attribute's name."""
    value: str = ""
    """Its value; none if it has none."""


class HttpCookie(Message):
    demands: ClassVar[Demands] = Demands(required=("name",))

    name: str = ""
    """The cookie's name."""
    path: str = ""
    """The path of a cookie that is given out."""
    ttl: AnyDuration | None = None
    """How long a cookie lives that is given out; 0s: as long as the browser runs."""
    attributes: list[CookieAttribute] = []
    """Further attributes of a cookie that is given out: SameSite, Secure and such."""


class RingHash(Message):
    minimum_ring_size: Count = 0
    """How many places the ring has at least (1024)."""


class MagLev(Message):
    table_size: Count = 0
    """How many places the table has: a prime below 5000011 (65537)."""


class ConsistentHash(Message):
    demands: ClassVar[Demands] = Demands(
        one_of=(
            ("http_header_name", "http_cookie", "use_source_ip", "http_query_parameter_name"),
            ("ring_hash", "maglev"),
        )
    )

    http_header_name: str | None = None
    """By the value of a header."""
    http_cookie: HttpCookie | None = None
    """By a cookie, which is given out to who has none."""
    use_source_ip: bool | None = None
    """By the client's address."""
    http_query_parameter_name: str | None = None
    """By the value of a parameter of the query."""
    ring_hash: RingHash | None = None
    """Use a hash ring (the default)."""
    maglev: MagLev | None = None
    """Use Maglev's table."""
    minimum_ring_size: Count = 0
    """Deprecated: use ringHash."""


class Distribute(Message):
    from_: str = ""
    """Where the client is: REGION/ZONE/SUBZONE, * for any rest."""
    to: dict[str, Count] = {}
    """Where its requests go, with percents that add up to 100."""


class Failover(Message):
    from_: str = ""
    """A region."""
    to: str = ""
    """The region that takes over when no endpoint there is healthy."""


class LocalityLoadBalancer(Message):
    distribute: list[Distribute] = []
    """Percents of traffic by place; not with failover."""
    failover: list[Failover] = []
    """Which region takes over from which."""
    failover_priority: list[str] = []
    """Labels that make an endpoint near, the most important first."""
    enabled: bool | None = None
    """Whether nearness counts at all."""


class Warmup(Message):
    demands: ClassVar[Demands] = Demands(required=("duration",))

    duration: Duration | None = None
    """How long a new endpoint gets less than its part."""
    minimum_percent: float | None = None
    """What part it begins with (10)."""
    aggression: float | None = None
    """How fast the part grows; 1 is evenly."""


class LoadBalancer(Message):
    demands: ClassVar[Demands] = Demands(one_of=(("simple", "consistent_hash"),))

    simple: (
        Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN",
                "LEAST_REQUEST"] | None
    ) = None  # fmt: skip
    """How an endpoint is chosen; LEAST_REQUEST if nothing is said."""
    consistent_hash: ConsistentHash | None = None
    """The same client or key gets the same endpoint."""
    locality_lb_setting: LocalityLoadBalancer | None = None
    """How traffic is spread over places."""
    zone_aware_lb_setting: Object | None = None
    """Not supported: use localityLbSetting."""
    warmup: Warmup | None = None
    """New endpoints begin slowly; for ROUND_ROBIN and LEAST_REQUEST."""
    warmup_duration_secs: Duration | None = None
    """Deprecated: use warmup."""


class TcpKeepalive(Message):
    probes: Count = 0
    """How many unanswered probes mean that the connection is dead (9)."""
    time: Duration | None = None
    """How long a connection is idle before the first probe (2h)."""
    interval: Duration | None = None
    """The time between probes (75s)."""


class TcpPool(Message):
    max_connections: int = 0
    """How many connections to the host at most."""
    connect_timeout: Duration | None = None
    """How long connecting may take (10s)."""
    tcp_keepalive: TcpKeepalive | None = None
    """Probes on idle connections."""
    max_connection_duration: Duration | None = None
    """How old a connection may grow."""
    idle_timeout: Duration | None = None
    """How long a TCP connection may be idle (1h)."""


class Http2KeepAlive(Message):
    interval: Duration | None = None
    """The time between pings on an HTTP/2 connection."""
    timeout: Duration | None = None
    """How long an answer to a ping may take."""


class HttpPool(Message):
    http1_max_pending_requests: int = 0
    """How many requests may wait for a connection."""
    http2_max_requests: int = 0
    """How many requests may be under way, whatever the HTTP version."""
    max_requests_per_connection: int = 0
    """After how many requests a connection is closed; 1: no keep-alive."""
    max_retries: int = 0
    """How many retries may be under way to all endpoints together."""
    idle_timeout: Duration | None = None
    """How long an HTTP connection may be idle (1h)."""
    h2_upgrade_policy: Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"] = "DEFAULT"
    """Whether HTTP/1.1 is carried over HTTP/2."""
    use_client_protocol: bool = False
    """Use the HTTP version that the client uses."""
    max_concurrent_streams: int = 0
    """How many requests at a time on one HTTP/2 connection."""
    http2_keep_alive: Http2KeepAlive | None = None
    """Pings on HTTP/2 connections."""


class ConnectionPool(Message):
    tcp: TcpPool | None = None
    """For connections of any protocol."""
    http: HttpPool | None = None
    """For HTTP alone."""


class OutlierDetection(Message):
    consecutive_errors: int = 0
    """Deprecated: use consecutive5xxErrors."""
    split_external_local_origin_errors: bool = False
    """Tell failures to connect from errors that were answered."""
    consecutive_local_origin_failures: Count | None = None
    """Failures to connect in a row before ejection; needs the split."""
    consecutive_gateway_errors: Count | None = None
    """502, 503 and 504 in a row before ejection; 0 is never."""
    consecutive5xx_errors: Count | None = None
    """Errors in a row before ejection (5); 0 is never."""
    interval: Duration | None = None
    """The time between judgements (10s)."""
    base_ejection_time: Duration | None = None
    """How long the first ejection lasts (30s); later ones last longer."""
    max_ejection_percent: int = 0
    """How many of the endpoints may be out at a time, in percent (10)."""
    min_health_percent: int = 0
    """Below this part of healthy endpoints nobody is ejected (0)."""
    outlier_detection_http_error_codes: list[int] = []
    """HTTP statuses that count as errors."""


class ClientTls(Message):
    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] = "DISABLE"
    """None, TLS, TLS with a certificate of ours, or the mesh's own."""
    client_certificate: str = ""
    """MUTUAL: path of our certificate."""
    private_key: str = ""
    """MUTUAL: path of its key."""
    ca_certificates: str = ""
    """Path of the authorities that the server's certificate is judged by."""
    credential_name: str = ""
    """A Secret with key and certificates, in place of the paths."""
    subject_alt_names: list[str] = []
    """Names, one of which the server's certificate must have."""
    sni: str = ""
    """The server name to ask for."""
    insecure_skip_verify: bool | None = None
    """Do not judge the server's certificate."""
    ca_crl: str = ""
    """Path of a list of revoked certificates."""


class Tunnel(Message):
    demands: ClassVar[Demands] = Demands(required=("target_host", "target_port"))

    protocol: str = ""
    """CONNECT (the default) or POST."""
    target_host: str = ""
    """The host that the tunnel leads to."""
    target_port: int = 0
    """The port that the tunnel leads to."""


class ProxyProtocol(Message):
    version: Literal["V1", "V2"] = "V1"
    """V1 or V2."""


class RetryBudget(Message):
    percent: Percent | None = None
    """How many retries may be under way, as percent of the requests (20)."""
    min_retry_concurrency: int = 0
    """So many are always allowed (3)."""
    budget_interval: Duration | None = None
    """Over which time requests are counted."""


class PortTrafficPolicy(Message):
    port: PortSelector | None = None
    """The service's port that this is for."""
    load_balancer: LoadBalancer | None = None
    """How an endpoint is chosen."""
    connection_pool: ConnectionPool | None = None
    """Limits and timeouts of connections."""
    outlier_detection: OutlierDetection | None = None
    """When an endpoint that fails is left out for a while."""
    tls: ClientTls | None = None
    """TLS to the host."""


class TrafficPolicy(Message):
    load_balancer: LoadBalancer | None = None
    """How an endpoint is chosen."""
    connection_pool: ConnectionPool | None = None
    """Limits and timeouts of connections."""
    outlier_detection: OutlierDetection | None = None
    """When an endpoint that fails is left out for a while."""
    tls: ClientTls | None = None
    """TLS to the host."""
    port_level_settings: list[PortTrafficPolicy] = []
    """For single ports, in place of all of the above."""
    tunnel: Tunnel | None = None
    """Reach the host through a proxy that it names."""
    proxy_protocol: ProxyProtocol | None = None
    """Tell the server the client's address ahead of the data."""
    retry_budget: RetryBudget | None = None
    """Limits retries by the number of requests."""


class Subset(Message):
    demands: ClassVar[Demands] = Demands(required=("name",))

    name: str = ""
    """What VirtualServices call it."""
    labels: dict[str, str] = {}
    """The labels of its workloads."""
    traffic_policy: TrafficPolicy | None = None
    """Laid over the policy of the whole host."""


class DestinationRule(Message):
    demands: ClassVar[Demands] = Demands(required=("host",))

    host: str = ""
    """The service's name: in full, short for one in this namespace, or *.suffix."""
    traffic_policy: TrafficPolicy | None = None
    """What holds for connections to the host."""
    subsets: list[Subset] = []
    """Named parts of the host's workloads, for VirtualServices to choose."""
    export_to: list[str] = []
    """Which namespaces see it: names, . for its own, * for all (the default)."""
    workload_selector: Selector | None = None
    """Which clients it holds for, in its own namespace alone."""
