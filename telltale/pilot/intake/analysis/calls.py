"""Pods whose declaration of what they call cannot be followed. Pure.

Never: whether what is declared is there: it may come later.
"""

from collections.abc import Iterator

from telltale.kube.core import CALLS
from telltale.kube.meta import Ref
from telltale.pilot.intake import calls
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.problem import Level, Problem


def check(seen: Seen) -> Iterator[Problem]:
    for pod in seen.objects.pods:
        fault = calls.fault(pod.metadata.annotations.get(CALLS, ""))
        if fault and not pod.ended:
            yield Problem(
                Ref("Pod", pod.metadata.namespace, pod.metadata.name),
                f"metadata.annotations[{CALLS}]", fault,
                "none of it is followed: its proxy is told of every service",
                "name Services (reviews, reviews.shop) or hosts (*.example.com, shop/*), "
                "with commas between", Level.WARNING, "annotation-invalid",
            )  # fmt: skip
