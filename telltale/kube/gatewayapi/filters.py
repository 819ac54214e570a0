"""What is done to a request on its way: the filters of HTTPRoute and GRPCRoute. Pure."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from telltale.kube.gatewayapi.message import (
    REQUIRED,
    BackendObjectRef,
    LocalRef,
    Message,
    Port,
    PreciseHostname,
    distinct,
    keyed,
)

HeaderName: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=256,
        extra_json_schema={"pattern": r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$"},
        extra={"required": True},
    ),
]  # fmt: skip
HeaderText: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=4096, extra={"required": True})
]
PathText: TypeAlias = Annotated[str, msgspec.Meta(max_length=1024)]


class Header(Message):
    name: HeaderName = ""
    """The header's name."""
    value: HeaderText = ""
    """Its value."""


class HeaderFilter(Message):
    """`set` replaces, `add` appends."""

    set: Annotated[list[Header], keyed(16, "name")] = []
    """Headers to overwrite, or to add where they are not there."""
    add: Annotated[list[Header], keyed(16, "name")] = []
    """Headers to append to what is there."""
    remove: Annotated[list[str], distinct(16)] = []
    """Names of headers to take away."""


class PathModifier(Message):
    type: Annotated[Literal["ReplaceFullPath", "ReplacePrefixMatch"], REQUIRED] = "ReplaceFullPath"
    """What is replaced."""
    replace_full_path: PathText | None = None
    """The whole new path."""
    replace_prefix_match: PathText | None = None
    """What the matched prefix becomes."""


class RequestRedirect(Message):
    scheme: Literal["http", "https"] | None = None
    """The new scheme."""
    hostname: PreciseHostname | None = None
    """The new host."""
    path: PathModifier | None = None
    """The new path."""
    port: Port | None = None
    """The new port; the scheme's own if absent."""
    status_code: Annotated[
        int, msgspec.Meta(extra_json_schema={"default": 302, "enum": [301, 302, 303, 307, 308]})
    ] = 302
    """The status of the answer."""


class URLRewrite(Message):
    hostname: PreciseHostname | None = None
    """The host that the backend sees."""
    path: PathModifier | None = None
    """The path that the backend sees."""


class Fraction(Message):
    numerator: Annotated[int, msgspec.Meta(ge=0, extra={"required": True})] = 0
    """So many requests ..."""
    denominator: Annotated[int, msgspec.Meta(ge=1, extra_json_schema={"default": 100})] = 100
    """... of so many."""


class RequestMirror(Message):
    """A copy is sent there, its answer is thrown away."""

    backend_ref: Annotated[BackendObjectRef, REQUIRED] = BackendObjectRef()
    """Where copies go."""
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    """How many of a hundred requests are copied."""
    fraction: Fraction | None = None
    """Which part of the requests is copied."""


Methods: TypeAlias = Annotated[list[str], distinct(9)]


class CORS(Message):
    """Which pages of other origins may ask."""

    allow_origins: Annotated[list[str], distinct(64)] = []
    """Origins that may ask; * for all."""
    allow_credentials: bool = False
    """Whether cookies and the like may be sent along."""
    allow_methods: Methods = []
    """Methods that may be used."""
    allow_headers: Annotated[list[str], distinct(64)] = []
    """Headers that a request may carry."""
    expose_headers: Annotated[list[str], distinct(64)] = []
    """Headers of the response that a page may read."""
    max_age: Annotated[int, msgspec.Meta(ge=1, extra_json_schema={"default": 5})] = 5
    """For how many seconds a browser may remember the answer."""


HTTPFilterType: TypeAlias = Literal[
    "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect",
    "URLRewrite", "CORS", "ExternalAuth", "ExtensionRef",
]  # fmt: skip


class HTTPFilter(Message):
    """`type` says which of the others is used."""

    type: Annotated[HTTPFilterType, REQUIRED] = "ExtensionRef"
    """What kind of filter it is."""
    request_header_modifier: HeaderFilter | None = None
    """Change headers of the request."""
    response_header_modifier: HeaderFilter | None = None
    """Change headers of the response."""
    request_mirror: RequestMirror | None = None
    """Send a copy elsewhere."""
    request_redirect: RequestRedirect | None = None
    """Answer with a redirect."""
    url_rewrite: URLRewrite | None = None
    """Change host or path on the way to the backend."""
    cors: CORS | None = None
    """Answer browsers that ask from other origins."""
    extension_ref: LocalRef | None = None
    """A filter of an implementation; not supported."""


class GRPCFilter(Message):
    """`type` says which of the others is used."""

    type: Annotated[
        Literal["RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror",
                "ExtensionRef"],
        REQUIRED,
    ] = "ExtensionRef"  # fmt: skip
    """What kind of filter it is."""
    request_header_modifier: HeaderFilter | None = None
    """Change headers of the request."""
    response_header_modifier: HeaderFilter | None = None
    """Change headers of the response."""
    request_mirror: RequestMirror | None = None
    """Send a copy elsewhere."""
    extension_ref: LocalRef | None = None
    """A filter of an implementation; not supported."""
