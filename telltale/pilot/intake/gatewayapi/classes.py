"""GatewayClasses: which Gateways are ours. Pure."""

from collections.abc import Iterable

from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi.gateways import GatewayClass
from telltale.kube.gatewayapi.kinds import GATEWAY_CLASS
from telltale.kube.meta import Config
from telltale.pilot.intake.gatewayapi.subject import Subject, Wrong, read_all
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.status import CONTROLLER, About, conditions

OURS = "istio"  # the class that the pilot makes: it is ours also before it is there
# As the conformance suite names them, in the order that the API asks for. Each is proven by a test.
FEATURES = (
    "BackendTLSPolicy", "BackendTLSPolicySANValidation", "GRPCRoute", "GRPCRouteNamedRouteRule",
    "Gateway", "GatewayAddressEmpty", "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback", "GatewayHTTPListenerIsolation",
    "GatewayHTTPSListenerDetectMisdirectedRequests", "GatewayInfrastructurePropagation",
    "GatewayListenerSet", "GatewayPort8080", "GatewayStaticAddresses", "HTTPRoute",
    "HTTPRoute303RedirectStatusCode", "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode", "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket", "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteBackendTimeout", "HTTPRouteCORS", "HTTPRouteDestinationPortMatching",
    "HTTPRouteHostRewrite", "HTTPRouteMethodMatching", "HTTPRouteNamedRouteRule",
    "HTTPRouteParentRefPort", "HTTPRoutePathRedirect", "HTTPRoutePathRewrite",
    "HTTPRoutePortRedirect", "HTTPRouteQueryParamMatching", "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors", "HTTPRouteRequestPercentageMirror",
    "HTTPRouteRequestTimeout", "HTTPRouteResponseHeaderModification", "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout", "HTTPRouteRetryConnectionError", "HTTPRouteSchemeRedirect",
    "Mesh", "MeshClusterIPMatching", "MeshConsumerRoute",
    "MeshHTTPRouteBackendRequestHeaderModification", "MeshHTTPRouteNamedRouteRule",
    "MeshHTTPRouteQueryParamMatching", "MeshHTTPRouteRedirectPath", "MeshHTTPRouteRedirectPort",
    "MeshHTTPRouteRewritePath", "MeshHTTPRouteSchemeRedirect", "ReferenceGrant", "TCPRoute",
    "TLSRoute", "TLSRouteModeMixed", "TLSRouteModeTerminate",
)  # fmt: skip


def read(
    given: Iterable[Config],
) -> tuple[frozenset[str], dict[About, Object], list[Problem]]:
    """The names of our classes, what is said of each, and what is wrong."""
    served, statuses = {OURS}, dict[About, Object]()

    def judge(one: Subject, spec: GatewayClass) -> None:
        if spec.controller_name != CONTROLLER:
            served.discard(one.origin.name)
            return
        served.add(one.origin.name)
        accepted = one.condition("Accepted", True, "Accepted", "Telltale serves this class")
        if spec.parameters_ref:
            what = "parametersRef is not supported"
            wrong = Wrong("InvalidParameters", "spec.parametersRef", what, "take it out")
            one.tell(wrong, "the class is not served")
            accepted = one.condition("Accepted", False, wrong.reason, wrong.message)
            served.discard(one.origin.name)
        features: list[Json] = [{"name": name} for name in FEATURES]
        statuses[one.about] = {
            "conditions": conditions([accepted]), "supportedFeatures": features,
        }  # fmt: skip

    problems = read_all(GATEWAY_CLASS, GatewayClass, given, judge)
    return frozenset(served), statuses, problems
