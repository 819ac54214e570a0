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
    """Who serves it: istio.io/gateway-controller for this mesh."""
    parameters_ref: ObjectRef | None = None
    """Parameters of the whole class."""
    description: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """A word to people."""


class ListenerTLS(Message):
    mode: Annotated[Literal["Terminate", "Passthrough"], default("Terminate")] = "Terminate"
    """TLS ends here, or is passed on unopened."""
    certificate_refs: Annotated[list[SecretRef], listed(64)] = []
    """Secrets with certificates and keys."""
    options: dict[str, str] = {}
    """Options of the implementation."""


class RouteNamespaces(Message):
    from_: Annotated[Literal["All", "Selector", "Same", "None"], default("Same")] = "Same"
    """Of which namespaces."""
    selector: LabelSelector | None = None
    """The labels of the namespaces, for Selector."""


class RouteGroupKind(Message):
    group: GatewayGroup = GATEWAY_GROUP
    """The kind's API group."""
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=63), REQUIRED] = ""
    """HTTPRoute, GRPCRoute, TLSRoute or TCPRoute."""


class AllowedRoutes(Message):
    """Which routes may attach themselves."""

    namespaces: Annotated[RouteNamespaces, default({"from": "Same"})] = RouteNamespaces()
    """Routes of which namespaces."""
    kinds: Annotated[list[RouteGroupKind], listed(8)] = []
    """Routes of which kinds; all that fit the protocol if absent."""


class Listener(Message):
    name: Name = ""
    """What routes call it."""
    hostname: Hostname | None = None
    """The hosts that it serves; all if absent."""
    port: Annotated[Port, REQUIRED] = 0
    """Where it listens."""
    protocol: Annotated[str, msgspec.Meta(min_length=1, max_length=255), REQUIRED] = ""
    """HTTP, HTTPS, TLS or TCP."""
    tls: ListenerTLS | None = None
    """How TLS ends here, or is passed on."""
    allowed_routes: Annotated[
        AllowedRoutes, default({"namespaces": {"from": "Same"}})
    ] = AllowedRoutes()
    """Which routes may be attached."""


class Address(Message):
    type: Annotated[str, default("IPAddress")] = "IPAddress"
    """IPAddress or Hostname."""
    value: Annotated[str, msgspec.Meta(max_length=253)] = ""
    """The address."""


class Infrastructure(Message):
    """What the objects that are made for the Gateway carry."""

    labels: dict[str, str] = {}
    """Labels of the objects."""
    annotations: dict[str, str] = {}
    """Annotations of the objects."""
    parameters_ref: LocalRef | None = None
    """A ConfigMap with what is laid over the objects."""


class FrontendValidation(Message):
    """Which certificates of clients are taken."""

    ca_certificate_refs: Annotated[list[ObjectRef], listed(8)] = []
    """The authorities of clients' certificates."""
    mode: Annotated[
        Literal["AllowValidOnly", "AllowInsecureFallback"], default("AllowValidOnly")
    ] = "AllowValidOnly"
    """Whether a client without a valid certificate may come in."""


class FrontendTLS(Message):
    validation: FrontendValidation | None = None
    """How clients' certificates are judged."""


class PortTLS(Message):
    port: Annotated[Port, REQUIRED] = 0
    """The port that it is for."""
    tls: Annotated[FrontendTLS, REQUIRED] = FrontendTLS()
    """What holds for that port."""


class GatewayFrontend(Message):
    default: FrontendTLS | None = None
    """For all HTTPS listeners."""
    per_port: Annotated[list[PortTLS], keyed(64, "port")] = []
    """For single ports, in place of the default."""


class GatewayBackend(Message):
    client_certificate_ref: SecretRef | None = None
    """A certificate to show to backends."""


class GatewayTLS(Message):
    backend: GatewayBackend | None = None
    """Towards backends."""
    frontend: GatewayFrontend | None = None
    """Towards clients."""


class AllowedListeners(Message):
    namespaces: RouteNamespaces | None = None
    """Of which namespaces."""


class Gateway(Message):
    """Where traffic enters, and which routes it may take."""

    gateway_class_name: Name = ""
    """Its GatewayClass."""
    listeners: Annotated[list[Listener], keyed(64, "name"), REQUIRED] = []
    """What it listens for."""
    addresses: Annotated[list[Address], listed(16)] = []
    """Where it is, or shall be."""
    infrastructure: Infrastructure | None = None
    """What is said to the objects that are made for it."""
    allowed_listeners: AllowedListeners | None = None
    """Which namespaces' ListenerSets may add listeners."""
    tls: GatewayTLS | None = None
    """TLS towards clients and backends, for all listeners."""


class ParentGateway(Message):
    """The Gateway that a ListenerSet adds to."""

    group: GatewayGroup = GATEWAY_GROUP
    """API group of Gateways."""
    kind: Annotated[str, default("Gateway")] = "Gateway"
    """Gateway."""
    name: Name = ""
    """The Gateway's name."""
    namespace: Namespace | None = None
    """Its namespace; this object's own if absent."""


class ListenerSet(Message):
    """Further listeners of a Gateway, by somebody else than who wrote the Gateway."""

    parent_ref: Annotated[ParentGateway, REQUIRED] = ParentGateway()
    """The Gateway that it adds to."""
    listeners: Annotated[list[Listener], keyed(64, "name"), REQUIRED] = []
    """What the Gateway listens for besides."""


class GrantFrom(Message):
    group: Annotated[str, REQUIRED] = ""
    """API group of what may refer."""
    kind: Annotated[str, REQUIRED] = ""
    """Kind of what may refer."""
    namespace: Annotated[Namespace, REQUIRED] = ""
    """Namespace of what may refer."""


class GrantTo(Message):
    group: Annotated[str, REQUIRED] = ""
    """API group of what may be referred to."""
    kind: Annotated[str, REQUIRED] = ""
    """Kind of what may be referred to."""
    name: Section | None = None
    """A single object's name; all if absent."""


class ReferenceGrant(Message):
    """Who may name objects of this namespace."""

    from_: Annotated[list[GrantFrom], listed(16, 1), REQUIRED] = []
    """Who may refer."""
    to: Annotated[list[GrantTo], listed(16, 1), REQUIRED] = []
    """What may be referred to, in this namespace."""


class PolicyTarget(Message):
    group: Annotated[str, REQUIRED] = ""
    """API group of the backend; empty for Services."""
    kind: Annotated[str, REQUIRED] = ""
    """Service."""
    name: Name = ""
    """The backend's name."""
    section_name: Section | None = None
    """One of its ports, by name; all if absent."""


class SubjectAltName(Message):
    type: Annotated[Literal["Hostname", "URI"], REQUIRED] = "Hostname"
    """Hostname or URI."""
    hostname: Hostname | None = None
    """The name, for Hostname."""
    uri: Annotated[str, msgspec.Meta(max_length=253)] | None = None
    """The identifier, for URI: a SPIFFE id, say."""


WellKnown: TypeAlias = Literal["System"]


class BackendValidation(Message):
    ca_certificate_refs: Annotated[list[LocalRef], listed(8)] = []
    """ConfigMaps with the authorities, in ca.crt."""
    well_known_ca_certificates: WellKnown | None = None
    """System: the authorities that the proxy's image knows."""
    hostname: Annotated[PreciseHostname, REQUIRED] = ""
    """The server name to ask for, and to find in the certificate."""
    subject_alt_names: Annotated[list[SubjectAltName], listed(5)] = []
    """Names to find in the certificate, in place of hostname."""


class BackendTLSPolicy(Message):
    """How connections to a Service are secured."""

    target_refs: Annotated[
        list[PolicyTarget], listed(16, 1), REQUIRED
    ] = []
    """The backends that are spoken to in TLS."""
    validation: Annotated[BackendValidation, REQUIRED] = BackendValidation()
    """How their certificates are judged."""
    options: dict[str, str] = {}
    """Options of the implementation."""
