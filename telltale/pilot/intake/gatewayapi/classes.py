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
FEATURES = (
    "GRPCRoute", "Gateway", "GatewayPort8080", "HTTPRoute", "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket", "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteBackendTimeout", "HTTPRouteCORS", "HTTPRouteHostRewrite",
    "HTTPRouteMethodMatching", "HTTPRouteNamedRouteRule", "HTTPRouteParentRefPort",
    "HTTPRoutePathRedirect", "HTTPRoutePathRewrite", "HTTPRoutePortRedirect",
    "HTTPRouteQueryParamMatching", "HTTPRouteRequestMirror", "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteRequestPercentageMirror", "HTTPRouteRequestTimeout",
    "HTTPRouteResponseHeaderModification", "HTTPRouteSchemeRedirect", "Mesh",
    "MeshClusterIPMatching", "MeshConsumerRoute", "ReferenceGrant", "TLSRoute",
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
