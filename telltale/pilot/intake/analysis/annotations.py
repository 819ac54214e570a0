"""Annotations of Istio's names that nobody reads: unknown, in the wrong place, not followed. Pure.

Only names of istio.io are judged. Never: a value; the injector judges those.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from telltale.kube.meta import Ref
from telltale.pilot.intake.analysis.annotation_names import ASIDE, LABELS, NAMES
from telltale.pilot.intake.analysis.proxies import SYSTEM
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.problem import Level, Problem

_DOMAIN = "istio.io"
_NOTHING = "it has no effect"


def check(seen: Seen) -> Iterator[Problem]:
    for pod in seen.objects.pods:
        if not pod.ended:
            yield from _judged("Pod", pod.metadata.namespace, pod.metadata.name,
                               pod.metadata.annotations)  # fmt: skip
    for service in seen.objects.services:
        yield from _judged("Service", service.metadata.namespace, service.metadata.name,
                           service.metadata.annotations)  # fmt: skip
    for one in seen.namespaces.values():
        yield from _judged("Namespace", "", one.metadata.name, one.metadata.annotations)
    for kind, configs in seen.objects.configs.items():
        for config in configs:
            meta = config.metadata
            yield from _judged(kind.kind, meta.namespace, meta.name, meta.annotations)


def _judged(
    kind: str, namespace: str, name: str, notes: Mapping[str, str]
) -> Iterator[Problem]:
    if (namespace or name) not in SYSTEM:
        for key in notes:
            yield from faults(kind, Ref(kind, namespace, name), key)


def faults(kind: str, ref: Ref, key: str) -> Iterator[Problem]:
    """What is wrong with an annotation of that name at an object of that kind."""
    domain = key.partition("/")[0]
    if not (domain == _DOMAIN or domain.endswith(f".{_DOMAIN}")) or domain in ASIDE:
        return
    known = NAMES.get(key)
    if key in LABELS:
        yield _warned(ref, key, "is a label, not an annotation", "write it under labels",
                      code="annotation-misplaced")  # fmt: skip
    elif known is None:
        near = get_close_matches(key, NAMES, n=1, cutoff=0.8)
        hint = f"did you mean {near[0]}?" if near else "remove it"
        yield _warned(ref, key, "is not known", hint, code="annotation-unknown")
    elif known.kinds and kind not in known.kinds:
        belongs = " or ".join(known.kinds)
        place = "the pod's template" if known.kinds == ("Pod",) else f"a {belongs}"
        yield _warned(ref, key, f"belongs to a {belongs}, not to a {kind}",
                      f"write it at {place}", code="annotation-misplaced")  # fmt: skip
    elif known.instead:
        why = "it still holds" if known.followed else _NOTHING
        yield Problem(ref, _at(key), "is deprecated", why, f"use {known.instead}", Level.INFO,
                      "annotation-deprecated")  # fmt: skip
    elif not known.followed:
        yield _warned(ref, key, "is not followed by Telltale", "remove it",
                      code="annotation-not-followed")  # fmt: skip


def _warned(ref: Ref, key: str, what: str, hint: str, *, code: str) -> Problem:
    return Problem(ref, _at(key), what, _NOTHING, hint, Level.WARNING, code)


def _at(key: str) -> str:
    return f"metadata.annotations[{key}]"
