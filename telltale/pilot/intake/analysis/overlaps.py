"""Several Sidecars, or Telemetries, for the same workloads: the eldest holds, others do not. Pure.

Never: which one holds for a workload (`model`).
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from telltale.kube.meta import Ref
from telltale.model.scope import Origin, Scope
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.problem import Level, Problem


class Chosen(Protocol):
    """An object that holds for some workloads; of several the eldest."""

    @property
    def origin(self) -> Origin: ...
    @property
    def scope(self) -> Scope: ...


def check(seen: Seen) -> Iterator[Problem]:
    mesh = seen.mesh
    yield from _whole(mesh.sidecars, "spec.workloadSelector", "sidecars-for-all")
    yield from _chosen(seen, mesh.sidecars, "spec.workloadSelector", "sidecars-overlap")
    yield from _whole(mesh.telemetries, "spec.selector", "telemetries-for-all")
    yield from _chosen(seen, mesh.telemetries, "spec.selector", "telemetries-overlap")


def _whole(given: Sequence[Chosen], at: str, code: str) -> Iterator[Problem]:
    """Of those without a selector one a namespace counts, whatever the others say."""
    first: dict[str, Origin] = {}
    for one in given:
        if not one.scope.selector:
            elder = first.setdefault(one.origin.namespace, one.origin)
            if elder != one.origin:
                what = f"is not said, and {elder.name} is for all workloads of the namespace too"
                yield Problem(_ref(one), at, what, "this one holds for nobody",
                              "put both into one object, or give this a selector",
                              Level.ERROR, code)  # fmt: skip


def _chosen(seen: Seen, given: Sequence[Chosen], at: str, code: str) -> Iterator[Problem]:
    """Told once for each pair, with a workload that both select."""
    told: set[tuple[Origin, Origin]] = set()
    for workload in seen.mesh.workloads.values():
        first: Origin | None = None
        for one in given:
            scope = one.scope
            if not scope.selector or one.origin.namespace != workload.namespace:
                continue
            if not scope.selects(workload.labels):
                continue
            first = first or one.origin
            pair = first, one.origin
            if first != one.origin and pair not in told:
                told.add(pair)
                what = f"selects {workload.name}, as {first.name} does, which is older"
                yield Problem(_ref(one), at, what, "for such workloads this one does not hold",
                              "choose labels that no two select", Level.ERROR, code)  # fmt: skip


def _ref(one: Chosen) -> Ref:
    return Ref(one.origin.kind, one.origin.namespace, one.origin.name)
