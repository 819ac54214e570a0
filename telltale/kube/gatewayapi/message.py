"""What all kinds of the Gateway API share: names, hostnames, references. Pure.

Source: gateway-api, apis/v1, the Go types and their `+kubebuilder` validations (v1.4). What has a
default there has it in the schema and here: an object read from a file has met no API server.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from telltale.kube.codec import Json, Typed

GROUP = "gateway.networking.k8s.io"


class Message(Typed):
    """A part of a spec."""


def default(value: Json) -> msgspec.Meta:
    """What the API server fills in."""
    return msgspec.Meta(extra_json_schema={"default": value})


def keyed(most: int, *keys: str) -> msgspec.Meta:
    """A list whose items are told apart by these fields."""
    return msgspec.Meta(
        extra_json_schema={
            "maxItems": most,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": list(keys),
        }
    )


def distinct(most: int) -> msgspec.Meta:
    """A list in which nothing stands twice."""
    return msgspec.Meta(extra_json_schema={"maxItems": most, "x-kubernetes-list-type": "set"})


def listed(most: int, least: int = 0) -> msgspec.Meta:
    """A list of any items, in their order."""
    bounds: dict[str, Json] = {"minItems": least} if least else {}
    return msgspec.Meta(
        extra_json_schema={**bounds, "maxItems": most, "x-kubernetes-list-type": "atomic"}
    )


REQUIRED = msgspec.Meta(extra={"required": True})

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOST = rf"^{_LABEL}(\.{_LABEL})*$"
_ANY_HOST = rf"^(\*\.)?{_LABEL}(\.{_LABEL})*$"

Hostname: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=253, extra_json_schema={"pattern": _ANY_HOST})
]
PreciseHostname: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=253, extra_json_schema={"pattern": _HOST})
]
Name: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=253, extra={"required": True})
]
Section: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
Namespace: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=63)]
Port: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]
# GEP-2257: hours to milliseconds, no fractions.
Duration: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^([0-9]{1,5}(h|m|s|ms)){1,4}$")
]
CoreGroup: TypeAlias = Annotated[str, default("")]
GatewayGroup: TypeAlias = Annotated[str, default(GROUP)]
ServiceKind: TypeAlias = Annotated[str, default("Service")]
SecretKind: TypeAlias = Annotated[str, default("Secret")]


class ParentRef(Message):
    """What a route is attached to: a Gateway, or a Service for clients in the mesh."""

    group: GatewayGroup = GROUP
    """API group of the parent; empty for a Service."""
    kind: Annotated[str, default("Gateway")] = "Gateway"
    """Gateway, Service or ServiceEntry."""
    namespace: Namespace | None = None
    """The parent's namespace; the route's own if absent."""
    name: Name = ""
    """The parent's name."""
    section_name: Section | None = None
    """One of its listeners, or of a Service's ports; all if absent."""
    port: Port | None = None
    """One of its ports; all if absent."""


class BackendRef(Message):
    """Where traffic goes, and which part of it."""

    group: CoreGroup = ""
    """API group of the backend; empty for a Service."""
    kind: ServiceKind = "Service"
    """Service."""
    name: Name = ""
    """The backend's name."""
    namespace: Namespace | None = None
    """Its namespace; another than the route's needs a ReferenceGrant."""
    port: Port | None = None
    """The Service's port."""
    weight: Annotated[int, msgspec.Meta(ge=0, le=1_000_000, extra_json_schema={"default": 1})] = 1
    """Its part of the traffic, in proportion to the others'."""


class BackendObjectRef(Message):
    """A backend without a weight."""

    group: CoreGroup = ""
    """API group of the backend; empty for a Service."""
    kind: ServiceKind = "Service"
    """Service."""
    name: Name = ""
    """The backend's name."""
    namespace: Namespace | None = None
    """Its namespace; another than the route's needs a ReferenceGrant."""
    port: Port | None = None
    """The Service's port."""


class SecretRef(Message):
    """An object with a certificate, in any namespace."""

    group: CoreGroup = ""
    """API group; empty for a Secret."""
    kind: SecretKind = "Secret"
    """Secret."""
    name: Name = ""
    """The object's name."""
    namespace: Namespace | None = None
    """Its namespace; another needs a ReferenceGrant."""


class ObjectRef(Message):
    """An object of any kind, in any namespace."""

    group: Annotated[str, REQUIRED] = ""
    """API group; empty for ConfigMaps and Secrets."""
    kind: Annotated[str, REQUIRED] = ""
    """The object's kind."""
    name: Name = ""
    """The object's name."""
    namespace: Namespace | None = None
    """Its namespace; another needs a ReferenceGrant."""


class LocalRef(Message):
    """An object of the same namespace."""

    group: Annotated[str, REQUIRED] = ""
    """API group; empty for ConfigMaps and Secrets."""
    kind: Annotated[str, REQUIRED] = ""
    """The object's kind."""
    name: Name = ""
    """The object's name."""


class CookieConfig(Message):
    lifetime_type: Annotated[Literal["Permanent", "Session"], default("Session")] = "Session"
    """Until the browser is closed, or as long as absoluteTimeout says."""


class SessionPersistence(Message):
    """Which requests go to the backend that answered before."""

    session_name: str = ""
    """The cookie's or header's name."""
    absolute_timeout: Duration | None = None
    """How long a session lasts at most."""
    idle_timeout: Duration | None = None
    """How long a session lasts without requests."""
    type: Annotated[Literal["Cookie", "Header"], default("Cookie")] = "Cookie"
    """What carries the session."""
    cookie_config: CookieConfig | None = None
    """How long the cookie is kept."""


ParentRefs: TypeAlias = Annotated[list[ParentRef], listed(32)]
Hostnames: TypeAlias = Annotated[list[Hostname], listed(16)]
BackendRefs: TypeAlias = Annotated[list[BackendRef], listed(16)]
