"""The Gateway API's kinds as the API serves them, and their definitions (CRDs). Pure.

Every kind is stored as v1; the older versions, with the same schema, are served where the field
still writes them. Never: a spec read.
"""

from telltale.kube.codec import Object
from telltale.kube.crds import Definition, column, crd
from telltale.kube.gatewayapi import gateways, routes
from telltale.kube.gatewayapi.message import GROUP, Message
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config

BUNDLE = "v1.4.0"  # of the API that the types follow


def _kind(kind: str, plural: str, *, namespaced: bool = True) -> Kind[Config]:
    return Kind(GROUP, "v1", kind, plural, Config, namespaced)


GATEWAY_CLASS = _kind("GatewayClass", "gatewayclasses", namespaced=False)
GATEWAY = _kind("Gateway", "gateways")
LISTENER_SET = _kind("ListenerSet", "listenersets")
HTTP_ROUTE = _kind("HTTPRoute", "httproutes")
GRPC_ROUTE = _kind("GRPCRoute", "grpcroutes")
TLS_ROUTE = _kind("TLSRoute", "tlsroutes")
TCP_ROUTE = _kind("TCPRoute", "tcproutes")
UDP_ROUTE = _kind("UDPRoute", "udproutes")
REFERENCE_GRANT = _kind("ReferenceGrant", "referencegrants")
BACKEND_TLS_POLICY = _kind("BackendTLSPolicy", "backendtlspolicies")

# A real API server takes no definition of a group under k8s.io without a word of approval.
_NOTES = {
    "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api",
    "gateway.networking.k8s.io/bundle-version": BUNDLE,
    "gateway.networking.k8s.io/channel": "standard",
}
_HOSTNAMES = column("Hostnames", ".spec.hostnames", "The hosts that it routes")
_BETA, _ALPHA = ("v1beta1",), ("v1alpha2",)


def _defined(
    kind: Kind[Config], spec: type[Message], *columns: Object,
    short: tuple[str, ...] = (), also: tuple[str, ...] = (),
) -> Definition:  # fmt: skip
    return Definition(kind, spec, short, also, columns, ("gateway-api",), _NOTES)


DEFINITIONS: tuple[Definition, ...] = (
    _defined(
        GATEWAY_CLASS, gateways.GatewayClass,
        column("Controller", ".spec.controllerName", "Who serves it"),
        column("Accepted", '.status.conditions[?(@.type=="Accepted")].status', "Whether it is"),
        short=("gc",), also=_BETA,
    ),
    _defined(
        GATEWAY, gateways.Gateway,
        column("Class", ".spec.gatewayClassName", "Its GatewayClass"),
        column("Address", ".status.addresses[*].value", "Where it is dialled"),
        column("Programmed", '.status.conditions[?(@.type=="Programmed")].status',
               "Whether it serves"),
        short=("gtw",), also=_BETA,
    ),
    _defined(
        LISTENER_SET, gateways.ListenerSet,
        column("Accepted", '.status.conditions[?(@.type=="Accepted")].status', "Whether it is"),
        column("Programmed", '.status.conditions[?(@.type=="Programmed")].status',
               "Whether it serves"),
        short=("lset",),
    ),
    _defined(HTTP_ROUTE, routes.HTTPRoute, _HOSTNAMES, also=_BETA),
    _defined(GRPC_ROUTE, routes.GRPCRoute, _HOSTNAMES, also=_ALPHA),
    _defined(TLS_ROUTE, routes.TLSRoute, _HOSTNAMES, also=("v1alpha3", "v1alpha2")),
    _defined(TCP_ROUTE, routes.TCPRoute, also=_ALPHA),
    _defined(UDP_ROUTE, routes.UDPRoute, also=_ALPHA),
    _defined(REFERENCE_GRANT, gateways.ReferenceGrant, short=("refgrant",), also=_BETA),
    _defined(BACKEND_TLS_POLICY, gateways.BackendTLSPolicy, short=("btlspolicy",),
             also=("v1alpha3",)),
)  # fmt: skip


def definitions() -> list[Object]:
    """All of them, ready to be applied to any Kubernetes."""
    return [crd(one) for one in DEFINITIONS]
