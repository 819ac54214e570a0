"""Label and field selectors: parsed once, then asked. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from telltale.kube.errors import BadRequest
from telltale.kube.meta import LabelSelector

_REQUIREMENT = re.compile(
    r"^\s*(?:(?P<not>!)\s*(?P<absent>[^\s!=,()]+)"
    r"|(?P<key>[^\s!=,()]+)\s*(?:(?P<set>in|notin)\s*\((?P<values>[^()]*)\)"
    r"|(?P<op>==|=|!=)\s*(?P<value>[^\s!=,()]*))?)\s*$"
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One requirement; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        found = labels.get(self.key)
        match self.operator:
            case "In":
                return found in self.values
            case "NotIn":
                return found not in self.values
            case "Exists":
                return found is not None
            case _:
                return found is None


@dataclass(frozen=True, slots=True)
class Selector:
    """All of its clauses must hold; no clause selects everything."""

    clauses: tuple[Clause, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(clause.holds(labels) for clause in self.clauses)


def parse(text: str) -> Selector:
    """A selector as kubectl writes it: `a=b,c!=d,e in (f,g),h,!i`. Raises `BadRequest`."""
    return Selector(tuple(_clause(part) for part in _split(text) if part.strip()))


def of(selector: LabelSelector) -> Selector:
    """The `matchLabels` and `matchExpressions` of an object."""
    same = [Clause(key, "In", frozenset([value])) for key, value in selector.match_labels.items()]
    more = [
        Clause(one.key, one.operator, frozenset(one.values)) for one in selector.match_expressions
    ]
    return Selector(tuple(same + more))


def equal(labels: Mapping[str, str]) -> Selector:
    """A Service's selector: every label equal."""
    return Selector(tuple(Clause(key, "In", frozenset([value])) for key, value in labels.items()))


def _split(text: str) -> list[str]:
    """On commas, but not on those inside parentheses."""
    return re.split(r",(?![^()]*\))", text)


def _clause(text: str) -> Clause:
    found = _REQUIREMENT.match(text)
    if not found:
        raise BadRequest(f"unable to parse requirement: {text.strip()!r}")
    if found["not"]:
        return Clause(found["absent"], "DoesNotExist")
    key = found["key"]
    if found["set"]:
        values = frozenset(value.strip() for value in found["values"].split(","))
        return Clause(key, "In" if found["set"] == "in" else "NotIn", values)
    if found["op"]:
        return Clause(key, "NotIn" if found["op"] == "!=" else "In", frozenset([found["value"]]))
    return Clause(key, "Exists")
