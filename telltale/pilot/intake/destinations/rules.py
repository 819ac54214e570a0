"""DestinationRules into policies. Pure. Never: whether the host or a subset's workloads exist.

All that is wrong with one object in itself is found here; `read` of one object alone is what
admission asks. The fields are read by `traffic`, `balancing`, `localities`, `pools`, `clienttls`.
"""

import re
from collections.abc import Iterable

from telltale.kube.istio import destinationrule as istio
from telltale.kube.istio.kinds import DESTINATION_RULE
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.policy import Policy, Subset
from telltale.model.scope import Labels
from telltale.pilot.intake.destinations import traffic
from telltale.pilot.intake.istio import Reader, labels, read_all
from telltale.pilot.intake.problem import Problem

_SUBSET = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_HOST = re.compile(r"(\*|(\*\.)?[A-Za-z0-9_]([-A-Za-z0-9_.]*[A-Za-z0-9_])?\.?|[0-9A-Fa-f:]+)")


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Policy], list[Problem]]:
    """Several for one host and the same clients are one policy: the elder's, with all subsets."""
    memo = memo or Memo()
    found, problems = read_all(
        DESTINATION_RULE, istio.DestinationRule, given, domain, _policy, memo=memo
    )
    joined: dict[object, Policy] = {}
    for one in found:
        place = (one.origin.namespace, one.scope, one.host)
        joined[place] = memo.of(Policy.joined, joined[place], one) if place in joined else one
    return list(joined.values()), problems


def _policy(reader: Reader, spec: istio.DestinationRule) -> Policy | None:
    if not spec.host or not _HOST.fullmatch(spec.host):
        reader.wrong("spec.host", f"{spec.host!r} is not a host", "the object is left out",
                     "name a Service, or a host such as *.example.com")  # fmt: skip
        return None
    chosen = _chosen(reader, spec)
    laid, ports = traffic.read(reader, "spec.trafficPolicy", spec.traffic_policy)
    return Policy(
        origin=reader.origin,
        scope=reader.scope(_exported(reader, spec.export_to), chosen),
        host=reader.host(spec.host),
        traffic=laid, ports=ports,
        subsets=_subsets(reader, spec.subsets),
    )  # fmt: skip


def _subsets(reader: Reader, given: list[istio.Subset]) -> tuple[Subset, ...]:
    found: dict[str, Subset] = {}
    for index, one in enumerate(given):
        at = f"spec.subsets[{index}]"
        laid, ports = traffic.read(reader, f"{at}.trafficPolicy", one.traffic_policy)
        if not _SUBSET.fullmatch(one.name):
            reader.wrong(f"{at}.name", f"{one.name!r} is not a name", "the subset is left out",
                         "use letters, digits and dashes, as v1")  # fmt: skip
        elif one.name in found:
            reader.wrong(f"{at}.name", f"{one.name!r} is said twice", "the first holds",
                         "give each subset a name of its own")  # fmt: skip
        else:
            found[one.name] = Subset(one.name, labels(one.labels), laid, ports)
    return tuple(found.values())


def _chosen(reader: Reader, spec: istio.DestinationRule) -> Labels:
    """The labels of the client workloads that are meant; they are of the own namespace."""
    if spec.workload_selector is None:
        return ()
    at = "spec.workloadSelector.matchLabels"
    wanted = spec.workload_selector.match_labels
    good = {key: value for key, value in wanted.items() if key and "*" not in key + value}
    if good != wanted:
        bad = min(wanted.keys() - good.keys())
        reader.wrong(at, f"{bad!r} is no label, or one with a *", "it is passed over",
                     "name whole labels")  # fmt: skip
    if not good:
        reader.warn(at, "is empty", "every workload of the namespace is meant",
                    "name labels, or remove workloadSelector")  # fmt: skip
    own = {".", reader.namespace}
    if foreign := [one for one in spec.export_to if one not in own]:
        reader.wrong("spec.exportTo", f"{foreign[0]!r} is not the own namespace, to which "
                     "workloadSelector is limited", "it holds in the own namespace",
                     "write exportTo: [.]")  # fmt: skip
    return labels(good)


def _exported(reader: Reader, given: list[str]) -> list[str]:
    at = "spec.exportTo"
    if "*" in given and len(given) > 1:
        reader.wrong(at, "has * and more", "everybody sees it", "write [*] alone")
        return ["*"]
    if "." in given and reader.namespace in given:
        reader.wrong(at, f"has . and {reader.namespace}, which are the same", "it is read as .",
                     "remove one of them")  # fmt: skip
    if "~" in given:
        reader.wrong(at, "~ (nobody) is for ServiceEntry and Service alone", "it is passed over",
                     "write . or namespaces")  # fmt: skip
        return [one for one in given if one != "~"] or ["."]
    return given
