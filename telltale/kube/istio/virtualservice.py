"""VirtualService (networking.istio.io): how requests for a host are routed. Never: its meaning."""

from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec

from telltale.kube.demands import Demands
from telltale.kube.istio.message import (
    Count,
    Duration,
    Message,
    Percent,
    PortNumber,
    PortSelector,
)

Pattern: TypeAlias = Annotated[str, msgspec.Meta(max_length=1024)]
Status: TypeAlias = Annotated[int, msgspec.Meta(ge=200, le=599)]


class StringMatch(Message):
    """Exactly one of the three."""

    demands: ClassVar[Demands] = Demands(one_of=(("exact", "prefix", "regex"),))

    exact: str | None = None
    """The whole value."""
    prefix: str | None = None
    """The value's beginning."""
    regex: Pattern | None = None
    """The whole value, as a regular expression in RE2's syntax."""


class Destination(Message):
    demands: ClassVar[Demands] = Demands(required=("host",))

    host: str = ""
    """The service's name: in full, or short for one in this object's own namespace."""
    subset: str = ""
    """One of the subsets that a DestinationRule for the host names."""
    port: PortSelector | None = None
    """Which port of the service; needed if it has several and none is as dialled."""


class HeaderOperations(Message):
    set: dict[str, str] = {}
    """Headers to overwrite, or to add where they are not there."""
    add: dict[str, str] = {}
    """Headers to append to what is there."""
    remove: list[str] = []
    """Names of headers to take away."""


class Headers(Message):
    request: HeaderOperations | None = None
    """Done to the request before it is forwarded."""
    response: HeaderOperations | None = None
    """Done to the response before the client gets it."""


class HttpMatch(Message):
    name: str = ""
    """Joined to the route's name in access logs."""
    uri: StringMatch | None = None
    """The path, without the query."""
    scheme: StringMatch | None = None
    """http or https."""
    method: StringMatch | None = None
    """The HTTP method."""
    authority: StringMatch | None = None
    """The Host header, with its port if it has one."""
    headers: dict[str, StringMatch] = {}
    """By name in lower case; nothing said of one means that it must be there."""
    without_headers: dict[str, StringMatch] = {}
    """As headers, but none of these may match."""
    query_params: dict[str, StringMatch] = {}
    """Parameters of the query: by exact value, prefix or regex."""
    port: PortNumber | None = None
    """The port that the client dialled."""
    source_labels: dict[str, str] = {}
    """Labels of the client's workload; for sidecars."""
    source_namespace: str = ""
    """The client workload's namespace."""
    gateways: list[str] = []
    """In place of the object's gateways: where this match holds."""
    ignore_uri_case: bool = False
    """Upper and lower case are the same in uri (exact and prefix)."""
    stat_prefix: str = ""
    """Counts this route's requests under this name of its own."""


class HttpDestination(Message):
    demands: ClassVar[Demands] = Demands(required=("destination",))

    destination: Destination = Destination()
    """Where the requests go."""
    weight: Count = 0
    """This destination's part, relative to the sum of all weights of the route."""
    headers: Headers | None = None
    """Changes for this destination alone."""


class Redirect(Message):
    demands: ClassVar[Demands] = Demands(one_of=(("port", "derive_port"),))

    uri: str = ""
    """The new path; it takes the place of the whole path."""
    prefix_rewrite: str = ""
    """The new beginning of the path, in place of the prefix that matched."""
    authority: str = ""
    """The new host."""
    port: PortNumber | None = None
    """The new port."""
    derive_port: Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"] | None = None
    """Where the port comes from: the scheme's own, or the request's."""
    scheme: str = ""
    """http or https."""
    redirect_code: int = 0
    """301 (default), 302, 303, 307 or 308."""


class Body(Message):
    """`bytes` is base64."""

    demands: ClassVar[Demands] = Demands(one_of=(("string", "bytes"),))

    string: str | None = None
    """The body as text."""
    bytes: str | None = None
    """The body as base64."""


class DirectResponse(Message):
    demands: ClassVar[Demands] = Demands(required=("status",))

    status: Status = 200
    """The HTTP status of the answer."""
    body: Body | None = None
    """What the answer says; nothing if absent."""


class Delegate(Message):
    name: str = ""
    """The VirtualService that has the routes."""
    namespace: str = ""
    """Its namespace; this object's own if absent."""


class RegexRewrite(Message):
    match: Pattern = ""
    """What to find in the path (RE2)."""
    rewrite: str = ""
    r"""What to put there; \1 and so on are groups of the match."""


class Rewrite(Message):
    uri: str = ""
    """In place of the path, or of the prefix of it that matched."""
    authority: str = ""
    """In place of the Host header."""
    uri_regex_rewrite: RegexRewrite | None = None
    """Rewrites the path by a regular expression."""


class Retry(Message):
    attempts: int = 0
    """How often to try again; 0 is never."""
    per_try_timeout: Duration | None = None
    """The time for each attempt; the route's timeout if absent."""
    retry_on: str = ""
    """Conditions and HTTP statuses, with commas: 5xx,reset,connect-failure,503."""
    retry_remote_localities: bool | None = None
    """Whether to try elsewhere than nearby."""
    retry_ignore_previous_hosts: bool | None = None
    """Whether to avoid endpoints that have failed already (default)."""
    backoff: Duration | None = None
    """The first pause between attempts (25ms)."""


class Delay(Message):
    demands: ClassVar[Demands] = Demands(one_of=(("fixed_delay", "exponential_delay"),))

    percentage: Percent | None = None
    """For how many of the requests."""
    percent: int = 0
    """Deprecated: use percentage."""
    fixed_delay: Duration | None = None
    """How long to wait before forwarding."""
    exponential_delay: Duration | None = None
    """Not supported."""


class Abort(Message):
    demands: ClassVar[Demands] = Demands(one_of=(("http_status", "grpc_status", "http2_error"),))

    percentage: Percent | None = None
    """For how many of the requests."""
    http_status: int | None = None
    """Answer with this HTTP status."""
    grpc_status: str | None = None
    """Answer with this gRPC status, by name or number: UNAVAILABLE."""
    http2_error: str | None = None
    """Not supported."""


class Fault(Message):
    delay: Delay | None = None
    """Wait before forwarding."""
    abort: Abort | None = None
    """Answer with an error without forwarding."""


class Mirror(Message):
    demands: ClassVar[Demands] = Demands(required=("destination",))

    destination: Destination = Destination()
    """Who gets the copy."""
    percentage: Percent | None = None
    """How many of the requests are copied; all if absent."""


class CorsPolicy(Message):
    allow_origin: list[str] = []
    """Deprecated: use allowOrigins."""
    allow_origins: list[StringMatch] = []
    """Origins that may ask."""
    allow_methods: list[str] = []
    """Methods that may be used."""
    allow_headers: list[str] = []
    """Headers that a request may carry."""
    expose_headers: list[str] = []
    """Headers of the response that a page may read."""
    max_age: Duration | None = None
    """How long a browser may remember the answer."""
    allow_credentials: bool | None = None
    """Whether cookies and the like may be sent along."""
    unmatched_preflights: Literal["UNSPECIFIED", "FORWARD", "IGNORE"] = "UNSPECIFIED"
    """What becomes of a preflight of another origin: forwarded, or ignored."""


class HttpRoute(Message):
    name: str = ""
    """Shown in access logs."""
    match: list[HttpMatch] = []
    """The route holds if any of these does; always if there is none."""
    route: list[HttpDestination] = []
    """Where matching requests go, by weight."""
    redirect: Redirect | None = None
    """Answer with a redirect in place of forwarding."""
    direct_response: DirectResponse | None = None
    """Answer at once in place of forwarding."""
    delegate: Delegate | None = None
    """The routes are in another VirtualService, which has no hosts."""
    rewrite: Rewrite | None = None
    """Change the request's path or host before forwarding; with redirect: never."""
    timeout: Duration | None = None
    """For the whole request with its retries; none if absent."""
    retries: Retry | None = None
    """When and how often to try again."""
    fault: Fault | None = None
    """Faults made on purpose."""
    mirror: Destination | None = None
    """Send a copy there too; its answer is thrown away."""
    mirror_percent: int | None = None
    """Deprecated: use mirrorPercentage."""
    mirror_percentage: Percent | None = None
    """How many of the requests mirror gets; all if absent."""
    mirrors: list[Mirror] = []
    """Send copies to several; not together with mirror."""
    cors_policy: CorsPolicy | None = None
    """Which other origins may ask from a browser."""
    headers: Headers | None = None
    """Changes to headers, whatever the destination."""


class TlsMatch(Message):
    demands: ClassVar[Demands] = Demands(required=("sni_hosts",))

    sni_hosts: list[str] = []
    """The server names that clients ask for; each within the object's hosts."""
    destination_subnets: list[str] = []
    """Addresses that the client dialled, as CIDRs."""
    port: PortNumber | None = None
    """The port that the client dialled."""
    source_labels: dict[str, str] = {}
    """Labels of the client's workload."""
    gateways: list[str] = []
    """In place of the object's gateways: where this match holds."""
    source_namespace: str = ""
    """The client workload's namespace."""


class TcpMatch(Message):
    destination_subnets: list[str] = []
    """Addresses that the client dialled, as CIDRs."""
    port: PortNumber | None = None
    """The port that the client dialled."""
    source_subnet: str = ""
    """Not used any more."""
    source_labels: dict[str, str] = {}
    """Labels of the client's workload."""
    gateways: list[str] = []
    """In place of the object's gateways: where this match holds."""
    source_namespace: str = ""
    """The client workload's namespace."""


class TcpDestination(Message):
    demands: ClassVar[Demands] = Demands(required=("destination",))

    destination: Destination = Destination()
    """Where the connections go."""
    weight: Count = 0
    """This destination's part, relative to the sum of all weights of the route."""


class TlsRoute(Message):
    match: list[TlsMatch] = []
    """The route holds if any of these does."""
    route: list[TcpDestination] = []
    """Where the connections go, by weight, still encrypted."""


class TcpRoute(Message):
    match: list[TcpMatch] = []
    """The route holds if any of these does; always if there is none."""
    route: list[TcpDestination] = []
    """Where the connections go, by weight."""


class VirtualService(Message):
    hosts: list[str] = []
    """The hosts that clients ask for: short, in full, *.prefix, or an address."""
    gateways: list[str] = []
    """Where it holds: [NAMESPACE/]NAME, or mesh for sidecars (the default)."""
    http: list[HttpRoute] = []
    """Routes for plain HTTP, in order; the first that matches is taken."""
    tls: list[TlsRoute] = []
    """Routes for TLS that is passed through, by server name."""
    tcp: list[TcpRoute] = []
    """Routes for anything else."""
    export_to: list[str] = []
    """Which namespaces see it: names, . for its own, * for all (the default)."""

