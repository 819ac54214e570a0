"""DestinationRules into policies. Pure. Never: whether the host or a subset's workloads exist."""

from collections.abc import Iterable

from telltale.kube.istio import destinationrule as istio
from telltale.kube.istio.kinds import DESTINATION_RULE
from telltale.kube.istio.message import Config
from telltale.model.policy import Policy, Subset
from telltale.pilot.intake.istio import Reader, labels, read_all
from telltale.pilot.intake.problem import Problem


def read(given: Iterable[Config], domain: str) -> tuple[list[Policy], list[Problem]]:
    """Several for one host and the same clients are one policy: the elder's, with all subsets."""
    found, problems = read_all(DESTINATION_RULE, istio.DestinationRule, given, domain, _policy)
    joined: dict[object, Policy] = {}
    for one in found:
        place = (one.origin.namespace, one.scope, one.host)
        joined[place] = joined[place].joined(one) if place in joined else one
    return list(joined.values()), problems


def _policy(reader: Reader, spec: istio.DestinationRule) -> Policy:
    chosen = labels(spec.workload_selector.match_labels) if spec.workload_selector else ()
    return Policy(
        origin=reader.origin,
        scope=reader.scope(spec.export_to, chosen),
        host=reader.host(spec.host),
        subsets=tuple(Subset(one.name, labels(one.labels)) for one in spec.subsets),
    )
