"""An object of the Gateway API being judged: what is wrong with it, and what is said of that.

Pure. The reasons are the API's own words (apis/v1, `RouteConditionReason` and its like). Never:
what an object means.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from telltale.kube.codec import Malformed, convert
from telltale.kube.gatewayapi.message import Message
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config, Meta, Ref
from telltale.model.scope import Origin
from telltale.pilot.intake.gatewayapi.grants import Named
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.status import About, Condition

M = TypeVar("M", bound=Message)

UNSUPPORTED = "UnsupportedValue"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that cannot be had: the API's reason, the field, and what and how to mend it."""

    reason: str
    field: str
    what: str
    hint: str

    @property
    def message(self) -> str:
        return f"{self.field}: {self.what}; {self.hint}"


@dataclass
class Subject:
    """`unresolved`: references that lead nowhere. `refused`: by rule, what is not supported."""

    kind: Kind[Config]
    origin: Origin
    generation: int
    meta: Meta = field(default_factory=Meta)
    unresolved: list[Wrong] = field(default_factory=list)
    refused: dict[int, Wrong] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return self.origin.namespace

    @property
    def ref(self) -> Ref:
        return Ref(self.kind.kind, self.origin.namespace, self.origin.name)

    @property
    def about(self) -> About:
        return About(self.kind, self.origin.namespace, self.origin.name)

    @property
    def named(self) -> Named:
        return Named(self.kind.group, self.kind.kind, self.namespace, self.origin.name)

    def unresolve(self, wrong: Wrong) -> None:
        self.unresolved.append(wrong)
        self.tell(wrong, "what goes there is answered with 500")

    def refuse(self, rule: int, wrong: Wrong) -> None:
        """The first reason of a rule is kept: it is not served as it is written."""
        if rule not in self.refused:
            self.refused[rule] = wrong
            self.tell(wrong, "the rule is not served as it is written")

    def tell(self, wrong: Wrong, why: str) -> None:
        self.problems.append(Problem(self.ref, wrong.field, wrong.what, why, wrong.hint))

    def condition(self, type: str, holds: bool, reason: str, message: str = "") -> Condition:
        return Condition(type, holds, reason, message, self.generation)

    def resolved(self) -> Condition:
        """Whether every reference leads somewhere."""
        if not self.unresolved:
            return self.condition("ResolvedRefs", True, "ResolvedRefs", "all references lead there")
        message = ". ".join(one.message for one in self.unresolved)
        return self.condition("ResolvedRefs", False, self.unresolved[0].reason, message)


def read_all(
    kind: Kind[Config], spec: type[M], given: Iterable[Config], read: Callable[[Subject, M], None]
) -> list[Problem]:
    """Every object of a kind through `read`, the oldest first; what is wrong with them."""
    found: list[Problem] = []
    for subject, one in sorted(_subjects(kind, given), key=lambda pair: pair[0].origin):
        try:
            read(subject, convert(spec, one.spec))
        except Malformed as error:
            wrong = Wrong("Invalid", "spec", str(error), "correct the field")
            subject.tell(wrong, "the object is left out")
        found += subject.problems
    return found


def _subjects(kind: Kind[Config], given: Iterable[Config]) -> Iterator[tuple[Subject, Config]]:
    for one in given:
        meta = one.metadata
        path = kind.path(meta.namespace, meta.name)
        origin = Origin(
            meta.creation_timestamp or "", meta.name, meta.namespace, kind.kind, path
        )  # fmt: skip
        yield Subject(kind, origin, meta.generation, meta), one
