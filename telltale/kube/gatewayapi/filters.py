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
    value: HeaderText = ""


class HeaderFilter(Message):
    """`set` replaces, `add` appends."""

    set: Annotated[list[Header], keyed(16, "name")] = []
    add: Annotated[list[Header], keyed(16, "name")] = []
    remove: Annotated[list[str], distinct(16)] = []


class PathModifier(Message):
    type: Annotated[Literal["ReplaceFullPath", "ReplacePrefixMatch"], REQUIRED] = "ReplaceFullPath"
    replace_full_path: PathText | None = None
    replace_prefix_match: PathText | None = None


class RequestRedirect(Message):
    scheme: Literal["http", "https"] | None = None
    hostname: PreciseHostname | None = None
    path: PathModifier | None = None
    port: Port | None = None
    status_code: Annotated[
        int, msgspec.Meta(extra_json_schema={"default": 302, "enum": [301, 302, 303, 307, 308]})
    ] = 302


class URLRewrite(Message):
    hostname: PreciseHostname | None = None
    path: PathModifier | None = None


class Fraction(Message):
    numerator: Annotated[int, msgspec.Meta(ge=0, extra={"required": True})] = 0
    denominator: Annotated[int, msgspec.Meta(ge=1, extra_json_schema={"default": 100})] = 100


class RequestMirror(Message):
    """A copy is sent there, its answer is thrown away."""

    backend_ref: Annotated[BackendObjectRef, REQUIRED] = BackendObjectRef()
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    fraction: Fraction | None = None


Methods: TypeAlias = Annotated[list[str], distinct(9)]


class CORS(Message):
    """Which pages of other origins may ask."""

    allow_origins: Annotated[list[str], distinct(64)] = []
    allow_credentials: bool = False
    allow_methods: Methods = []
    allow_headers: Annotated[list[str], distinct(64)] = []
    expose_headers: Annotated[list[str], distinct(64)] = []
    max_age: Annotated[int, msgspec.Meta(ge=1, extra_json_schema={"default": 5})] = 5


HTTPFilterType: TypeAlias = Literal[
    "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect",
    "URLRewrite", "CORS", "ExternalAuth", "ExtensionRef",
]  # fmt: skip


class HTTPFilter(Message):
    """`type` says which of the others is used."""

    type: Annotated[HTTPFilterType, REQUIRED] = "ExtensionRef"
    request_header_modifier: HeaderFilter | None = None
    response_header_modifier: HeaderFilter | None = None
    request_mirror: RequestMirror | None = None
    request_redirect: RequestRedirect | None = None
    url_rewrite: URLRewrite | None = None
    cors: CORS | None = None
    extension_ref: LocalRef | None = None


class GRPCFilter(Message):
    """`type` says which of the others is used."""

    type: Annotated[
        Literal["RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror",
                "ExtensionRef"],
        REQUIRED,
    ] = "ExtensionRef"  # fmt: skip
    request_header_modifier: HeaderFilter | None = None
    response_header_modifier: HeaderFilter | None = None
    request_mirror: RequestMirror | None = None
    extension_ref: LocalRef | None = None
