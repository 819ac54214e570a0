"""`trafficDistribution` of a Service, or Istio's annotation of that name. Pure.

The field goes before the annotation. Never: where anybody is.
"""

from telltale.kube import service as kube
from telltale.kube.meta import Ref
from telltale.model.service import Nearness
from telltale.pilot.intake.problem import Level, Problem

_BY_WORD = {
    "": Nearness.ANY, "Any": Nearness.ANY, "PreferClose": Nearness.ZONE,
    "PreferSameZone": Nearness.ZONE, "PreferSameNode": Nearness.NODE,
}  # fmt: skip


def read(given: kube.Service, problems: list[Problem]) -> Nearness:
    """What it asks for; a word that nobody knows is told and asks for nothing."""
    annotation = given.metadata.annotations.get(kube.TRAFFIC_DISTRIBUTION, "")
    said = given.spec.traffic_distribution or annotation
    if said in _BY_WORD:
        return _BY_WORD[said]
    field = "spec.trafficDistribution" if given.spec.traffic_distribution else (
        f"metadata.annotations[{kube.TRAFFIC_DISTRIBUTION}]"
    )
    ref = Ref("Service", given.metadata.namespace, given.metadata.name)
    known = ", ".join(one for one in _BY_WORD if one)
    problems.append(
        Problem(ref, field, f"{said!r} is not known", "requests go to endpoints anywhere",
                f"use one of {known}", Level.WARNING)
    )  # fmt: skip
    return Nearness.ANY
