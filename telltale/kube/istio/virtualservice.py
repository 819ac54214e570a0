"""VirtualService (networking.istio.io): how requests for a host are routed. Never: its meaning."""

from typing import Annotated, Literal, TypeAlias

import msgspec

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

    exact: str | None = None
    prefix: str | None = None
    regex: Pattern | None = None


class Destination(Message):
    host: str = ""
    subset: str = ""
    port: PortSelector | None = None


class HeaderOperations(Message):
    set: dict[str, str] = {}
    add: dict[str, str] = {}
    remove: list[str] = []


class Headers(Message):
    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


class HttpMatch(Message):
    name: str = ""
    uri: StringMatch | None = None
    scheme: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: dict[str, StringMatch] = {}
    without_headers: dict[str, StringMatch] = {}
    query_params: dict[str, StringMatch] = {}
    port: PortNumber | None = None
    source_labels: dict[str, str] = {}
    source_namespace: str = ""
    gateways: list[str] = []
    ignore_uri_case: bool = False
    stat_prefix: str = ""


class HttpDestination(Message):
    destination: Destination = Destination()
    weight: Count = 0
    headers: Headers | None = None


class Redirect(Message):
    uri: str = ""
    prefix_rewrite: str = ""
    authority: str = ""
    port: PortNumber | None = None
    derive_port: Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"] | None = None
    scheme: str = ""
    redirect_code: int = 0


class Body(Message):
    """`bytes` is base64."""

    string: str | None = None
    bytes: str | None = None


class DirectResponse(Message):
    status: Status = 200
    body: Body | None = None


class Delegate(Message):
    name: str = ""
    namespace: str = ""


class RegexRewrite(Message):
    match: Pattern = ""
    rewrite: str = ""


class Rewrite(Message):
    uri: str = ""
    authority: str = ""
    uri_regex_rewrite: RegexRewrite | None = None


class Retry(Message):
    attempts: int = 0
    per_try_timeout: Duration | None = None
    retry_on: str = ""
    retry_remote_localities: bool | None = None
    retry_ignore_previous_hosts: bool | None = None
    backoff: Duration | None = None


class Delay(Message):
    percentage: Percent | None = None
    percent: int = 0
    fixed_delay: Duration | None = None
    exponential_delay: Duration | None = None


class Abort(Message):
    percentage: Percent | None = None
    http_status: int | None = None
    grpc_status: str | None = None
    http2_error: str | None = None


class Fault(Message):
    delay: Delay | None = None
    abort: Abort | None = None


class Mirror(Message):
    destination: Destination = Destination()
    percentage: Percent | None = None


class CorsPolicy(Message):
    allow_origin: list[str] = []
    allow_origins: list[StringMatch] = []
    allow_methods: list[str] = []
    allow_headers: list[str] = []
    expose_headers: list[str] = []
    max_age: Duration | None = None
    allow_credentials: bool | None = None
    unmatched_preflights: Literal["UNSPECIFIED", "FORWARD", "IGNORE"] = "UNSPECIFIED"


class HttpRoute(Message):
    name: str = ""
    match: list[HttpMatch] = []
    route: list[HttpDestination] = []
    redirect: Redirect | None = None
    direct_response: DirectResponse | None = None
    delegate: Delegate | None = None
    rewrite: Rewrite | None = None
    timeout: Duration | None = None
    retries: Retry | None = None
    fault: Fault | None = None
    mirror: Destination | None = None
    mirror_percent: int | None = None
    mirror_percentage: Percent | None = None
    mirrors: list[Mirror] = []
    cors_policy: CorsPolicy | None = None
    headers: Headers | None = None


class TlsMatch(Message):
    sni_hosts: list[str] = []
    destination_subnets: list[str] = []
    port: PortNumber | None = None
    source_labels: dict[str, str] = {}
    gateways: list[str] = []
    source_namespace: str = ""


class TcpMatch(Message):
    destination_subnets: list[str] = []
    port: PortNumber | None = None
    source_subnet: str = ""
    source_labels: dict[str, str] = {}
    gateways: list[str] = []
    source_namespace: str = ""


class TcpDestination(Message):
    destination: Destination = Destination()
    weight: Count = 0


class TlsRoute(Message):
    match: list[TlsMatch] = []
    route: list[TcpDestination] = []


class TcpRoute(Message):
    match: list[TcpMatch] = []
    route: list[TcpDestination] = []


class VirtualService(Message):
    hosts: list[str] = []
    gateways: list[str] = []
    http: list[HttpRoute] = []
    tls: list[TlsRoute] = []
    tcp: list[TcpRoute] = []
    export_to: list[str] = []

