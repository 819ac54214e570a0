"""Which namespaces the mesh takes notice of, by their labels. Pure.

Never: which namespaces there are, or Kubernetes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Asks(StrEnum):
    ONE_OF = "one-of"
    NONE_OF = "none-of"
    THERE = "there"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Clause:
    """What is asked of one label."""

    key: str
    asks: Asks
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        found = labels.get(self.key)
        match self.asks:
            case Asks.ONE_OF:
                return found in self.values
            case Asks.NONE_OF:
                return found not in self.values
            case Asks.THERE:
                return found is not None
            case Asks.ABSENT:
                return found is None


@dataclass(frozen=True, slots=True)
class Discovery:
    """All clauses of any one selector must hold; without a selector every namespace is taken."""

    selectors: tuple[tuple[Clause, ...], ...] = ()

    @property
    def of_all(self) -> bool:
        return not self.selectors

    def takes(self, labels: Mapping[str, str]) -> bool:
        return self.of_all or any(
            all(clause.holds(labels) for clause in each) for each in self.selectors
        )


EVERY_NAMESPACE = Discovery()
