"""What the Gateway API offers and we do not: its status says so, with the reason and a way out."""

import pytest

from telltale.pilot.intake.gatewayapi.classes import FEATURES
from telltale.pilot.intake.status import About
from tests.pilot.intake.gatewayapi.test_gateways import HTTP, KINDS, found, gateway

# All that the conformance suite of the API names (pkg/features), in both channels.
SUITE = """
BackendTLSPolicy BackendTLSPolicyClusterTrustBundle BackendTLSPolicySANValidation
CookieSessionPersistence CookieSessionPersistencePermanentLifetime GRPCRoute
GRPCRouteNamedRouteRule Gateway GatewayAddressEmpty GatewayBackendClientCertificate
GatewayFrontendClientCertificateValidation
GatewayFrontendClientCertificateValidationInsecureFallback GatewayFrontendClusterTrustBundle
GatewayHTTPListenerIsolation GatewayHTTPSListenerDetectMisdirectedRequests
GatewayInfrastructurePropagation GatewayListenerSet GatewayPort8080 GatewayStaticAddresses
HTTPRoute HTTPRoute303RedirectStatusCode HTTPRoute307RedirectStatusCode
HTTPRoute308RedirectStatusCode HTTPRouteBackendProtocolH2C HTTPRouteBackendProtocolWebSocket
HTTPRouteBackendRequestHeaderModification HTTPRouteBackendTimeout HTTPRouteCORS
HTTPRouteDestinationPortMatching HTTPRouteHostRewrite HTTPRouteMethodMatching
HTTPRouteNamedRouteRule HTTPRouteParentRefPort HTTPRoutePathRedirect HTTPRoutePathRewrite
HTTPRoutePortRedirect HTTPRouteQueryParamMatching HTTPRouteRequestMirror
HTTPRouteRequestMultipleMirrors HTTPRouteRequestPercentageMirror HTTPRouteRequestTimeout
HTTPRouteResponseHeaderModification HTTPRouteRetry HTTPRouteRetryBackendTimeout
HTTPRouteRetryConnectionError HTTPRouteSchemeRedirect Mesh MeshClusterIPMatching
MeshConsumerRoute MeshHTTPRouteBackendRequestHeaderModification MeshHTTPRouteNamedRouteRule
MeshHTTPRouteQueryParamMatching MeshHTTPRouteRedirectPath MeshHTTPRouteRedirectPort
MeshHTTPRouteRewritePath MeshHTTPRouteSchemeRedirect ReferenceGrant TCPRoute TLSRoute
TLSRouteModeMixed TLSRouteModeTerminate UDPRoute
"""


def route(rule: str, kind: str = "HTTPRoute") -> str:
    return (f"{{kind: {kind}, metadata: {{name: r, namespace: edge}}, spec: {{parentRefs: "
            f"[{{name: gw}}], rules: [{rule}]}}}}")  # fmt: skip


BUNDLE = "{group: certificates.k8s.io, kind: ClusterTrustBundle, name: b}"
TLS = "{name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}"
POLICY = (f"{{kind: BackendTLSPolicy, metadata: {{name: r, namespace: shop}}, spec: {{targetRefs: "
          f"[{{group: '', kind: Service, name: cart}}], validation: {{hostname: a.b, "
          f"caCertificateRefs: [{BUNDLE}]}}}}}}")  # fmt: skip
SESSION = "sessionPersistence: {sessionName: s}"
# The object whose status says it, the condition and its reason, and the field that is named.
TOLD = [
    (("CookieSessionPersistence", "CookieSessionPersistencePermanentLifetime"),
     [gateway(HTTP), route(f"{{{SESSION}}}")],
     ("HTTPRoute", "Accepted", "UnsupportedValue", "spec.rules[0].sessionPersistence")),
    (("CookieSessionPersistence",), [gateway(HTTP), route(f"{{{SESSION}}}", "GRPCRoute")],
     ("GRPCRoute", "Accepted", "UnsupportedValue", "spec.rules[0].sessionPersistence")),
    (("GatewayBackendClientCertificate",),
     [gateway(HTTP, ", tls: {backend: {clientCertificateRef: {name: cert}}}")],
     ("Gateway", "Accepted", "UnsupportedValue", "spec.tls.backend.clientCertificateRef")),
    (("GatewayFrontendClusterTrustBundle",),
     [gateway(TLS, ", tls: {frontend: {default: {validation: {caCertificateRefs: [BUNDLE]}}}}"
              .replace("BUNDLE", BUNDLE))],
     ("listener", "ResolvedRefs", "InvalidCACertificateKind",
      "spec.tls.frontend.caCertificateRefs[0]")),
    (("BackendTLSPolicyClusterTrustBundle",), [POLICY],
     ("BackendTLSPolicy", "ResolvedRefs", "InvalidKind", "spec.validation.caCertificateRefs[0]")),
    (("UDPRoute",), [gateway("{name: u, port: 53, protocol: UDP}")],
     ("listener", "Accepted", "UnsupportedProtocol", "spec.listeners[0].protocol")),
    (("UDPRoute",), [gateway(HTTP), route("{backendRefs: [{name: own, port: 80}]}", "UDPRoute")],
     ("UDPRoute", "Accepted", "UnsupportedValue", "kind")),
    ((), [gateway(HTTP), route("{filters: [{type: ExternalAuth}]}")],
     ("HTTPRoute", "Accepted", "UnsupportedValue", "spec.rules[0].filters[0]")),
    ((), [gateway(HTTP), route("{filters: [{type: ExtensionRef, extensionRef: {group: x.y, kind: "
                               "Z, name: z}}]}")],
     ("HTTPRoute", "Accepted", "UnsupportedValue", "spec.rules[0].filters[0]")),
    ((), [gateway(HTTP), route("{filters: [{type: ExtensionRef, extensionRef: {group: x.y, kind: "
                               "Z, name: z}}]}", "GRPCRoute")],
     ("GRPCRoute", "Accepted", "UnsupportedValue", "spec.rules[0].filters[0]")),
    ((), [gateway(HTTP), route("{backendRefs: [{name: own, port: 80, filters: [{type: "
                               "RequestMirror, requestMirror: {backendRef: {name: own, port: 80}}}"
                               "]}]}")],
     ("HTTPRoute", "Accepted", "UnsupportedValue", "spec.rules[0].backendRefs[0].filters[0]")),
    ((), [gateway(HTTP), route("{backendRefs: [{group: multicluster.x-k8s.io, kind: "
                               "ServiceImport, name: s, port: 80}]}")],
     ("HTTPRoute", "ResolvedRefs", "InvalidKind", "spec.rules[0].backendRefs[0]")),
]  # fmt: skip


@pytest.mark.parametrize(("_", "objects", "told"), TOLD, ids=[one[2][3] for one in TOLD])
def test_what_is_not_supported_says_so(_, objects, told):
    where, condition, reason, field = told
    given = found(*objects)
    kind = "Gateway" if where == "listener" else where
    name, namespace = ("gw", "edge") if kind == "Gateway" else ("r", "edge")
    namespace = "shop" if kind == "BackendTLSPolicy" else namespace
    status = given.statuses[About(KINDS[kind], namespace, name)]
    [part] = status.get("parents") or status.get("ancestors") or (
        status["listeners"] if where == "listener" else [status]
    )  # fmt: skip
    [one] = [each for each in part["conditions"] if each["type"] == condition]
    assert (one["status"], one["reason"]) == ("False", reason)
    assert one["message"].startswith(f"{field}: ")
    assert "; " in one["message"], "no way out is told"


def test_every_feature_of_the_suite_is_claimed_or_told_to_be_missing():
    missing = {name for names, _, _ in TOLD for name in names}
    assert sorted({*FEATURES, *missing}) == SUITE.split()
    assert not missing & {*FEATURES}
