"""GatewayClass, Gateway, ListenerSet, ReferenceGrant, BackendTLSPolicy. Pure.

Never: the meaning.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from telltale.kube.gatewayapi.message import (
    GROUP as GATEWAY_GROUP,
    REQUIRED,
    GatewayGroup,
    Hostname,
    LocalRef,
    Message,
    Name,
    Namespace,
    ObjectRef,
    Port,
    PreciseHostname,
    SecretRef,
    Section,
    default,
    keyed,
    listed,
)
from telltale.kube.meta import LabelSelector


class GatewayClass(Message):
    """Who serves the Gateways of this class."""

    controller_name: Annotated[str, msgspec.Meta(min_length=1, max_length=253), REQUIRED] = ""
    parameters_ref: ObjectRef | None = None
    description: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ListenerTLS(Message):
    mode: Annotated[Literal["Terminate", "Passthrough"], default("Terminate")] = "Terminate"
    certificate_refs: Annotated[list[SecretRef], listed(64)] = []
    options: dict[str, str] = {}


class RouteNamespaces(Message):
    from_: Annotated[Literal["All", "Selector", "Same", "None"], default("Same")] = "Same"
    selector: LabelSelector | None = None


class RouteGroupKind(Message):
    group: GatewayGroup = GATEWAY_GROUP
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=63), REQUIRED] = ""


class AllowedRoutes(Message):
    """Which routes may attach themselves."""

    namespaces: Annotated[RouteNamespaces, default({"from": "Same"})] = RouteNamespaces()
    kinds: Annotated[list[RouteGroupKind], listed(8)] = []


class Listener(Message):
    name: Name = ""
    hostname: Hostname | None = None
    port: Annotated[Port, REQUIRED] = 0
    protocol: Annotated[str, msgspec.Meta(min_length=1, max_length=255), REQUIRED] = ""
    tls: ListenerTLS | None = None
    allowed_routes: Annotated[
        AllowedRoutes, default({"namespaces": {"from": "Same"}})
    ] = AllowedRoutes()


class Address(Message):
    type: Annotated[str, default("IPAddress")] = "IPAddress"
    value: Annotated[str, msgspec.Meta(max_length=253)] = ""


class Infrastructure(Message):
    """What the objects that are made for the Gateway carry."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    parameters_ref: LocalRef | None = None


class FrontendValidation(Message):
    """Which certificates of clients are taken."""

    ca_certificate_refs: Annotated[list[ObjectRef], listed(8)] = []
    mode: Annotated[
        Literal["AllowValidOnly", "AllowInsecureFallback"], default("AllowValidOnly")
    ] = "AllowValidOnly"


class FrontendTLS(Message):
    validation: FrontendValidation | None = None


class PortTLS(Message):
    port: Annotated[Port, REQUIRED] = 0
    tls: Annotated[FrontendTLS, REQUIRED] = FrontendTLS()


class GatewayFrontend(Message):
    default: FrontendTLS | None = None
    per_port: Annotated[list[PortTLS], keyed(64, "port")] = []


class GatewayBackend(Message):
    client_certificate_ref: SecretRef | None = None


class GatewayTLS(Message):
    backend: GatewayBackend | None = None
    frontend: GatewayFrontend | None = None


class AllowedListeners(Message):
    namespaces: RouteNamespaces | None = None


class Gateway(Message):
    """Where traffic enters, and which routes it may take."""

    gateway_class_name: Name = ""
    listeners: Annotated[list[Listener], keyed(64, "name"), REQUIRED] = []
    addresses: Annotated[list[Address], listed(16)] = []
    infrastructure: Infrastructure | None = None
    allowed_listeners: AllowedListeners | None = None
    tls: GatewayTLS | None = None


class ParentGateway(Message):
    """The Gateway that a ListenerSet adds to."""

    group: GatewayGroup = GATEWAY_GROUP
    kind: Annotated[str, default("Gateway")] = "Gateway"
    name: Name = ""
    namespace: Namespace | None = None


class ListenerSet(Message):
    """Further listeners of a Gateway, by somebody else than who wrote the Gateway."""

    parent_ref: Annotated[ParentGateway, REQUIRED] = ParentGateway()
    listeners: Annotated[list[Listener], keyed(64, "name"), REQUIRED] = []


class GrantFrom(Message):
    group: Annotated[str, REQUIRED] = ""
    kind: Annotated[str, REQUIRED] = ""
    namespace: Annotated[Namespace, REQUIRED] = ""


class GrantTo(Message):
    group: Annotated[str, REQUIRED] = ""
    kind: Annotated[str, REQUIRED] = ""
    name: Section | None = None


class ReferenceGrant(Message):
    """Who may name objects of this namespace."""

    from_: Annotated[list[GrantFrom], listed(16, 1), REQUIRED] = []
    to: Annotated[list[GrantTo], listed(16, 1), REQUIRED] = []


class PolicyTarget(Message):
    group: Annotated[str, REQUIRED] = ""
    kind: Annotated[str, REQUIRED] = ""
    name: Name = ""
    section_name: Section | None = None


class SubjectAltName(Message):
    type: Annotated[Literal["Hostname", "URI"], REQUIRED] = "Hostname"
    hostname: Hostname | None = None
    uri: Annotated[str, msgspec.Meta(max_length=253)] | None = None


WellKnown: TypeAlias = Literal["System"]


class BackendValidation(Message):
    ca_certificate_refs: Annotated[list[LocalRef], listed(8)] = []
    well_known_ca_certificates: WellKnown | None = None
    hostname: Annotated[PreciseHostname, REQUIRED] = ""
    subject_alt_names: Annotated[list[SubjectAltName], listed(5)] = []


class BackendTLSPolicy(Message):
    """How connections to a Service are secured."""

    target_refs: Annotated[
        list[PolicyTarget], listed(16, 1), REQUIRED
    ] = []
    validation: Annotated[BackendValidation, REQUIRED] = BackendValidation()
    options: dict[str, str] = {}
