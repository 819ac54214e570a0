"""`telltale analyze` as values: objects in, findings out, and how they are shown. Pure.

Never: reading a file or asking a cluster.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from telltale.inspect import objects as documents, wished
from telltale.kube import codec
from telltale.kube.cluster import Namespace
from telltale.kube.codec import Malformed, Object, dig
from telltale.kube.meta import Meta, Ref
from telltale.kube.positions import Position
from telltale.model.options import DEFAULT, Options
from telltale.pilot.intake import discovered
from telltale.pilot.intake.analysis.codes import istio_code
from telltale.pilot.intake.analysis.every import certain, everything
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.checks import check
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.read import Objects, read

_ORDER = (Level.ERROR, Level.WARNING, Level.INFO)


class Named(Protocol):
    @property
    def metadata(self) -> Meta: ...


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Finding:
    """`source` is FILE:LINE, "" for what came from a cluster."""

    problem: Problem
    source: str = ""

    def __str__(self) -> str:
        one = self.problem
        istio = istio_code(one.code)
        code = f"{one.code} {istio}" if istio else one.code
        place = f" ({self.source})" if self.source else ""
        return f"{one.level.capitalize()} [{code}] {one.object}{place}: {one.told}"

    def json(self) -> Object:
        one = self.problem
        found: Object = {
            "level": str(one.level), "code": one.code, "istioCode": istio_code(one.code),
            "kind": one.object.kind, "namespace": one.object.namespace, "name": one.object.name,
            "field": one.field, "what": one.what, "why": one.why, "hint": one.hint,
            "source": self.source,
        }  # fmt: skip
        return {key: value for key, value in found.items() if value}


def of_files(
    given: Sequence[Object], places: Sequence[Position], namespace: str, beside: Objects | None,
    options: Options = DEFAULT,
) -> list[Finding]:  # fmt: skip
    """Objects of files, judged by themselves, or `beside` what a cluster has."""
    judged: list[Problem] = []
    sources: dict[Ref, Position] = {}
    good: list[Object] = []
    for one, place in zip(given, places, strict=True):
        one = documents.placed(one, namespace)
        sources.setdefault(_ref(one), place)
        try:
            documents.of([one], namespace)
        except Malformed as error:
            judged.append(_unreadable(one, str(error)))
            continue
        good.append(one)
        judged += wished.misplaced(one, _ref(one))
    own = documents.of(good, namespace)
    whole = _joined(own, beside) if beside else own
    known = _namespaces(good)
    found = [*judged, *_judged(good, whole, options, partial=beside is None, namespaces=known)]
    return _sorted(
        Finding(one, sources[one.object].at(one.field))
        for one in dict.fromkeys(found) if one.object in sources
    )  # fmt: skip


def of_cluster(
    whole: Objects, namespaces: Iterable[Namespace], only: str, options: Options = DEFAULT,
    of_mesh: Iterable[Problem] = (),
) -> list[Finding]:  # fmt: skip
    """Everything that a cluster has; `only` a namespace of it is told of, "" for all.

    `of_mesh`: what is wrong with the mesh's own configuration.
    """
    known = {one.metadata.name: one for one in namespaces}
    found = [*of_mesh, *_judged([], whole, options, partial=False, namespaces=known)]
    return _sorted(
        Finding(one) for one in dict.fromkeys(found)
        if not only or (one.object.namespace or one.object.name) == only
    )  # fmt: skip


def worst(findings: Iterable[Finding]) -> Level | None:
    levels = {one.problem.level for one in findings}
    return next((one for one in _ORDER if one in levels), None)


def at_least(level: Level, threshold: Level) -> bool:
    return _ORDER.index(level) <= _ORDER.index(threshold)


def _judged(
    alone: Iterable[Object], whole: Objects, options: Options, *,
    partial: bool, namespaces: Mapping[str, Namespace],
) -> list[Problem]:  # fmt: skip
    whole = discovered.of(whole, options)
    mesh, told = read(whole, options)
    seen = Seen(whole, mesh, partial, namespaces)
    each = [problem for one in alone for problem in check(one, options.domain)]
    found = [one for one in (*told, *everything(seen)) if certain(seen, one)]
    return [*each, *found, *wished.problems(whole.pods)]


def _joined(own: Objects, beside: Objects) -> Objects:
    """The files' objects take the place of the cluster's."""

    def over(new: tuple[N, ...], old: tuple[N, ...]) -> tuple[N, ...]:
        named = {(one.metadata.namespace, one.metadata.name) for one in new}
        return (*new, *(one for one in old
                        if (one.metadata.namespace, one.metadata.name) not in named))  # fmt: skip

    kinds = {*own.configs, *beside.configs}
    return Objects(
        over(own.services, beside.services), over(own.slices, beside.slices),
        over(own.pods, beside.pods), {kind: over(own.of(kind), beside.of(kind)) for kind in kinds},
        beside.secrets, beside.texts, beside.nodes,
    )  # fmt: skip


def _ref(one: Object) -> Ref:
    kind = str(one.get("kind", ""))
    name, namespace = dig(one, "metadata", "name"), dig(one, "metadata", "namespace")
    kind = "Pod" if kind in documents.TEMPLATED else kind  # as its template's pod it is judged
    return Ref(kind, str(namespace or ""), str(name or ""))


def _unreadable(one: Object, error: str) -> Problem:
    ref = _ref(one)
    why = "the object is left out"
    return Problem(ref, "", error.partition(": ")[2], why, "correct it", code="wrong-type")


def _namespaces(given: Iterable[Object]) -> dict[str, Namespace]:
    found = [one for one in given if one.get("kind") == "Namespace"]
    read = [codec.convert(Namespace, one) for one in found]
    return {one.metadata.name: one for one in read}


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(
        findings,
        key=lambda one: (_ORDER.index(one.problem.level), one.problem.object, one.problem.field),
    )
