"""What holds for connections to a host: balancing, limits, ejection, TLS; and a host's subsets.

Times are seconds. None is "not said": the layer below, then the mesh's own default, holds. Never:
Kubernetes, Envoy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from telltale.model.scope import Labels, Origin, Scope


class Balance(StrEnum):
    LEAST_REQUEST = "least-request"
    ROUND_ROBIN = "round-robin"
    RANDOM = "random"
    PASSTHROUGH = "passthrough"  # to the address that the client dialled
    RING = "ring"
    MAGLEV = "maglev"


@dataclass(frozen=True, slots=True)
class Sticky:
    """What a request is hashed by: exactly one of these. A cookie without one is given out."""

    header: str = ""
    cookie: str = ""
    cookie_path: str = ""
    cookie_ttl_s: float | None = None
    cookie_attributes: Labels = ()
    query: str = ""
    source_ip: bool = False


@dataclass(frozen=True, slots=True)
class Warmup:
    seconds: float
    minimum_percent: float = 10.0
    aggression: float = 1.0


@dataclass(frozen=True, slots=True)
class Locality:
    """How traffic is spread over places (`region/zone/subzone`, `*` for any rest).

    Only one of `distribute` (from, then to with percents), `failover` (region to region) and
    `priority` (label keys, most important first) is used.
    """

    enabled: bool = True
    distribute: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    failover: tuple[tuple[str, str], ...] = ()
    priority: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balancing:
    """`algorithm` None: least request."""

    algorithm: Balance | None = None
    sticky: Sticky | None = None
    table_size: int = 0  # of the ring (at least) or the maglev table (exactly); 0: the default
    locality: Locality | None = None
    warmup: Warmup | None = None


@dataclass(frozen=True, slots=True)
class Keepalive:
    probes: int | None = None
    idle_s: float | None = None
    interval_s: float | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """Limits of the connections to one host; None: none, or Envoy's own."""

    connections: int | None = None
    connect_timeout_s: float | None = None
    keepalive: Keepalive | None = None
    max_age_s: float | None = None
    tcp_idle_s: float | None = None
    pending: int | None = None
    requests: int | None = None
    requests_per_connection: int | None = None
    retries: int | None = None
    http_idle_s: float | None = None
    upgrade_to_http2: bool | None = None
    as_client: bool = False
    streams: int | None = None
    http2_interval_s: float | None = None
    http2_timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ejection:
    """When an endpoint that fails is left out; a count of 0 switches that reason off."""

    server_errors: int | None = None
    gateway_errors: int | None = None
    local_failures: int | None = None
    split_local: bool = False
    interval_s: float | None = None
    base_s: float | None = None
    max_percent: int | None = None
    min_healthy_percent: int = 0
    codes: tuple[int, ...] = ()  # HTTP statuses that count as errors, in place of all 5xx


class TlsMode(StrEnum):
    DISABLE = "disable"
    SIMPLE = "simple"
    MUTUAL = "mutual"
    MESH = "mesh"  # the workload's own mesh identity


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths are in the proxy's container; `credential` is a Secret's name."""

    mode: TlsMode
    certificate: str = ""
    key: str = ""
    ca: str = ""
    crl: str = ""
    credential: str = ""
    sans: tuple[str, ...] = ()
    sni: str = ""
    unverified: bool = False
    authorities: str = ""  # in PEM, instead of a path


@dataclass(frozen=True, slots=True)
class Traffic:
    """One layer, or several laid over each other: each block is taken whole from the upper one."""

    balancing: Balancing | None = None
    pool: Pool | None = None
    ejection: Ejection | None = None
    tls: Tls | None = None
    proxy_protocol: int = 0
    tunnel: tuple[str, str, int] | None = None  # method, host, port
    retry_budget: tuple[float, int] | None = None  # percent, at least so many

    def over(self, below: "Traffic") -> "Traffic":
        """This layer on top of another, block by block."""
        return Traffic(
            balancing=self.balancing or below.balancing,
            pool=self.pool or below.pool,
            ejection=self.ejection or below.ejection,
            tls=self.tls or below.tls,
            proxy_protocol=self.proxy_protocol or below.proxy_protocol,
            tunnel=self.tunnel or below.tunnel,
            retry_budget=self.retry_budget or below.retry_budget,
        )


PLAIN = Traffic()


@dataclass(frozen=True, slots=True)
class Subset:
    """The endpoints of a host whose workloads have these labels."""

    name: str
    labels: Labels = ()
    traffic: Traffic = PLAIN
    ports: Mapping[int, Traffic] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """What one or more objects say about a host, and who sees it. `host` may begin with `*.`."""

    origin: Origin
    scope: Scope
    host: str
    traffic: Traffic = PLAIN
    ports: Mapping[int, Traffic] = field(default_factory=dict)
    subsets: tuple[Subset, ...] = ()

    def subset(self, name: str) -> Subset | None:
        return next((one for one in self.subsets if one.name == name), None)

    def layers(self) -> Iterator[Traffic]:
        """Everything that it says of traffic, for whatever part of it."""
        yield from (self.traffic, *self.ports.values())
        for subset in self.subsets:
            yield from (subset.traffic, *subset.ports.values())

    def for_port(self, number: int) -> Traffic:
        """A port's own settings take the place of the whole policy: what they leave out is default.

        (istio.io/api, TrafficPolicy.port_level_settings: "fields omitted will be replaced by
        defaults".)
        """
        return _for_port(self.traffic, self.ports, number)

    def for_subset(self, subset: Subset, number: int) -> Traffic:
        """The subset's blocks over the policy's; its own port settings in place of both."""
        laid = subset.traffic.over(self.for_port(number))
        return _for_port(laid, subset.ports, number)

    def joined(self, other: "Policy") -> "Policy":
        """With a younger one's subsets for the same host, and its traffic where we have none."""
        known = {one.name for one in self.subsets}
        more = tuple(one for one in other.subsets if one.name not in known)
        bare = self.traffic == PLAIN and not self.ports
        return replace(
            self, subsets=self.subsets + more,
            traffic=other.traffic if bare else self.traffic,
            ports=other.ports if bare else self.ports,
        )  # fmt: skip


def _for_port(laid: Traffic, ports: Mapping[int, Traffic], number: int) -> Traffic:
    """A port's settings; what no port can say of its own is kept."""
    own = ports.get(number)
    if own is None:
        return laid
    return replace(
        own, proxy_protocol=laid.proxy_protocol, tunnel=laid.tunnel, retry_budget=laid.retry_budget
    )
