"""HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute: what goes where. Pure. Never: the meaning."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from telltale.kube.codec import Json
from telltale.kube.gatewayapi.filters import (
    GRPCFilter,
    HeaderName,
    HeaderText,
    HTTPFilter,
    PathText,
)
from telltale.kube.gatewayapi.message import (
    REQUIRED,
    BackendRef,
    BackendRefs,
    Duration,
    Hostnames,
    Message,
    ParentRefs,
    Section,
    SessionPersistence,
    default,
    keyed,
    listed,
)

Method: TypeAlias = Literal[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"
]
ValueMatch: TypeAlias = Annotated[Literal["Exact", "RegularExpression"], default("Exact")]
ROOT: Json = {"type": "PathPrefix", "value": "/"}


class HTTPPathMatch(Message):
    type: Annotated[
        Literal["Exact", "PathPrefix", "RegularExpression"], default("PathPrefix")
    ] = "PathPrefix"
    value: Annotated[PathText, default("/")] = "/"


class HeaderMatch(Message):
    type: ValueMatch = "Exact"
    name: HeaderName = ""
    value: HeaderText = ""


class QueryParamMatch(Message):
    type: ValueMatch = "Exact"
    name: HeaderName = ""
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=1024), REQUIRED] = ""


class HTTPMatch(Message):
    """All of it must hold."""

    path: Annotated[HTTPPathMatch, default(ROOT)] = HTTPPathMatch()
    headers: Annotated[list[HeaderMatch], keyed(16, "name")] = []
    query_params: Annotated[list[QueryParamMatch], keyed(16, "name")] = []
    method: Method | None = None


class HTTPBackendRef(BackendRef):
    """With what is done to the requests that go there."""

    filters: Annotated[list[HTTPFilter], listed(16)] = []


class Timeouts(Message):
    request: Duration | None = None
    backend_request: Duration | None = None


class Retry(Message):
    codes: Annotated[list[Annotated[int, msgspec.Meta(ge=400, le=599)]], listed(64)] = []
    attempts: int | None = None
    backoff: Duration | None = None


class HTTPRule(Message):
    """One of the matches must hold."""

    name: Section | None = None
    matches: Annotated[
        list[HTTPMatch], listed(64), default([{"path": ROOT}])
    ] = msgspec.field(default_factory=lambda: [HTTPMatch()])
    filters: Annotated[list[HTTPFilter], listed(16)] = []
    backend_refs: Annotated[list[HTTPBackendRef], listed(16)] = []
    timeouts: Timeouts | None = None
    retry: Retry | None = None
    session_persistence: SessionPersistence | None = None


class HTTPRoute(Message):
    """How HTTP requests that come in by the parents are routed."""

    parent_refs: ParentRefs = []
    hostnames: Hostnames = []
    rules: Annotated[
        list[HTTPRule], listed(16, 1), default([{"matches": [{"path": ROOT}]}])
    ] = msgspec.field(default_factory=lambda: [HTTPRule()])


class GRPCMethodMatch(Message):
    type: ValueMatch = "Exact"
    service: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    method: Annotated[str, msgspec.Meta(max_length=1024)] | None = None


class GRPCMatch(Message):
    """All of it must hold."""

    method: GRPCMethodMatch | None = None
    headers: Annotated[list[HeaderMatch], keyed(16, "name")] = []


class GRPCBackendRef(BackendRef):
    """With what is done to the requests that go there."""

    filters: Annotated[list[GRPCFilter], listed(16)] = []


class GRPCRule(Message):
    """One of the matches must hold."""

    name: Section | None = None
    matches: Annotated[list[GRPCMatch], listed(64)] = []
    filters: Annotated[list[GRPCFilter], listed(16)] = []
    backend_refs: Annotated[list[GRPCBackendRef], listed(16)] = []
    session_persistence: SessionPersistence | None = None


class GRPCRoute(Message):
    """How gRPC requests that come in by the parents are routed."""

    parent_refs: ParentRefs = []
    hostnames: Hostnames = []
    rules: Annotated[list[GRPCRule], listed(16)] = []


class ConnectionRule(Message):
    """All connections go there."""

    name: Section | None = None
    backend_refs: BackendRefs = []


class TLSRoute(Message):
    """How TLS connections are routed by the name that the client asks for."""

    parent_refs: ParentRefs = []
    hostnames: Hostnames = []
    rules: Annotated[list[ConnectionRule], listed(1, 1), REQUIRED] = []


class TCPRoute(Message):
    """Where TCP connections go."""

    parent_refs: ParentRefs = []
    rules: Annotated[list[ConnectionRule], listed(1, 1), REQUIRED] = []


class UDPRoute(Message):
    """Where datagrams go."""

    parent_refs: ParentRefs = []
    rules: Annotated[list[ConnectionRule], listed(16, 1), REQUIRED] = []
