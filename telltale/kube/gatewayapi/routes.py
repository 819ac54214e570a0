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
    """Whether value is the whole path, its beginning by elements, or RE2."""
    value: Annotated[PathText, default("/")] = "/"
    """The path."""


class HeaderMatch(Message):
    type: ValueMatch = "Exact"
    """Whether value is the whole value or RE2."""
    name: HeaderName = ""
    """The header's name."""
    value: HeaderText = ""
    """What its value must be."""


class QueryParamMatch(Message):
    type: ValueMatch = "Exact"
    """Whether value is the whole value or RE2."""
    name: HeaderName = ""
    """The parameter's name."""
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=1024), REQUIRED] = ""
    """What its value must be."""


class HTTPMatch(Message):
    """All of it must hold."""

    path: Annotated[HTTPPathMatch, default(ROOT)] = HTTPPathMatch()
    """The path, without the query."""
    headers: Annotated[list[HeaderMatch], keyed(16, "name")] = []
    """Headers; all must match."""
    query_params: Annotated[list[QueryParamMatch], keyed(16, "name")] = []
    """Parameters of the query; all must match."""
    method: Method | None = None
    """The HTTP method."""


class HTTPBackendRef(BackendRef):
    """With what is done to the requests that go there."""

    filters: Annotated[list[HTTPFilter], listed(16)] = []
    """What is done to requests that go there alone."""


class Timeouts(Message):
    request: Duration | None = None
    """For the whole request with its retries."""
    backend_request: Duration | None = None
    """For one try."""


class Retry(Message):
    codes: Annotated[list[Annotated[int, msgspec.Meta(ge=400, le=599)]], listed(64)] = []
    """Statuses that are tried again."""
    attempts: int | None = None
    """How many tries more at most."""
    backoff: Duration | None = None
    """The pause before the first of them."""


class HTTPRule(Message):
    """One of the matches must hold."""

    name: Section | None = None
    """A name for it."""
    matches: Annotated[
        list[HTTPMatch], listed(64), default([{"path": ROOT}])
    ] = msgspec.field(default_factory=lambda: [HTTPMatch()])
    """Which requests: one of these must match."""
    filters: Annotated[list[HTTPFilter], listed(16)] = []
    """What is done to the requests, in this order."""
    backend_refs: Annotated[list[HTTPBackendRef], listed(16)] = []
    """Where they go, by weight."""
    timeouts: Timeouts | None = None
    """How long they may take."""
    retry: Retry | None = None
    """When they are tried again."""
    session_persistence: SessionPersistence | None = None
    """Which of them go where the last one went."""


class HTTPRoute(Message):
    """How HTTP requests that come in by the parents are routed."""

    parent_refs: ParentRefs = []
    """What it is attached to."""
    hostnames: Hostnames = []
    """The hosts that it routes; all of the parent's if absent."""
    rules: Annotated[
        list[HTTPRule], listed(16, 1), default([{"matches": [{"path": ROOT}]}])
    ] = msgspec.field(default_factory=lambda: [HTTPRule()])
    """What goes where."""


class GRPCMethodMatch(Message):
    type: ValueMatch = "Exact"
    """Whether service and method are whole names or RE2."""
    service: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    """The service's name, with its package."""
    method: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    """The method's name."""


class GRPCMatch(Message):
    """All of it must hold."""

    method: GRPCMethodMatch | None = None
    """Service and method."""
    headers: Annotated[list[HeaderMatch], keyed(16, "name")] = []
    """Headers; all must match."""


class GRPCBackendRef(BackendRef):
    """With what is done to the requests that go there."""

    filters: Annotated[list[GRPCFilter], listed(16)] = []
    """What is done to requests that go there alone."""


class GRPCRule(Message):
    """One of the matches must hold."""

    name: Section | None = None
    """A name for it."""
    matches: Annotated[list[GRPCMatch], listed(64)] = []
    """Which requests: one of these must match; all if absent."""
    filters: Annotated[list[GRPCFilter], listed(16)] = []
    """What is done to the requests, in this order."""
    backend_refs: Annotated[list[GRPCBackendRef], listed(16)] = []
    """Where they go, by weight."""
    session_persistence: SessionPersistence | None = None
    """Which of them go where the last one went."""


class GRPCRoute(Message):
    """How gRPC requests that come in by the parents are routed."""

    parent_refs: ParentRefs = []
    """What it is attached to."""
    hostnames: Hostnames = []
    """The hosts that it routes; all of the parent's if absent."""
    rules: Annotated[list[GRPCRule], listed(16)] = []
    """What goes where."""


class ConnectionRule(Message):
    """All connections go there."""

    name: Section | None = None
    """A name for it."""
    backend_refs: BackendRefs = []
    """Where connections go, by weight."""


class TLSRoute(Message):
    """How TLS connections are routed by the name that the client asks for."""

    parent_refs: ParentRefs = []
    """What it is attached to."""
    hostnames: Hostnames = []
    """The server names that it routes."""
    rules: Annotated[list[ConnectionRule], listed(1, 1), REQUIRED] = []
    """Where connections go."""


class TCPRoute(Message):
    """Where TCP connections go."""

    parent_refs: ParentRefs = []
    """What it is attached to."""
    rules: Annotated[list[ConnectionRule], listed(1, 1), REQUIRED] = []
    """Where connections go."""


class UDPRoute(Message):
    """Where datagrams go."""

    parent_refs: ParentRefs = []
    """What it is attached to."""
    rules: Annotated[list[ConnectionRule], listed(16, 1), REQUIRED] = []
    """Where datagrams would go; not supported."""
