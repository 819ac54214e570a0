"""Patches that did not do what they were written for, as Problems of their EnvoyFilters. Pure.

That shows only when resources are made. Never: a patch that no proxy has been planned with.
"""

from collections.abc import Iterable, Iterator, Mapping

from telltale.kube.meta import Ref
from telltale.model.patch import Patch
from telltale.pilot.intake.problem import Level, Problem

# For one class of proxies: those tried, those that meant something, those that did not fit.
Outcome = tuple[tuple[Patch, ...], set[Patch], Mapping[Patch, str]]


def problems(outcomes: Iterable[Outcome]) -> Iterator[Problem]:
    """Each entry of each object once, in the order of the objects."""
    tried: dict[Patch, int] = {}
    met: set[Patch] = set()
    faults: dict[Patch, str] = {}
    for patches, meant, wrong in outcomes:
        for one in patches:
            tried[one] = tried.get(one, 0) + 1
        met |= meant
        faults = {**wrong, **faults}
    for one, classes in tried.items():
        entries = one.origin.kind == "EnvoyFilter"
        at = f"spec.configPatches[{one.index}]" if entries else "spec"
        ref = Ref(one.origin.kind, one.origin.namespace, one.origin.name)
        if one in faults:
            yield Problem(ref, at, faults[one], "what it would change is left as it was",
                          "correct the patch", code="patch-refused")  # fmt: skip
        elif one not in met:
            yield Problem(
                ref, f"{at}.match", f"means nothing that any of {classes} kinds of proxies has",
                "the patch has no effect", "compare it with telltale proxy-config POD",
                Level.WARNING, code="patch-without-effect",
            )  # fmt: skip
