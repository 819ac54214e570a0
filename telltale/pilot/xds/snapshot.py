"""What one class of clients should have: for each type a set of resources with one version.

Immutable and shared by all streams of the class. Never: who has got what.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telltale.pilot.xds.resource import Resource

_MASK = (1 << 128) - 1


@dataclass(frozen=True, slots=True)
class Difference:
    """Names to send and names to take away, to come from one set to another."""

    changed: frozenset[str]
    removed: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Set:
    """All resources of one type. Equal content has an equal `version`, whoever made it and when.

    The difference to an older set is found once and remembered, for a thousand streams ask for it.
    """

    resources: Mapping[str, Resource]
    digest: int
    _since: dict[str, Difference] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return f"{self.digest:032x}"[-16:]

    def since(self, old: "Set") -> Difference:
        """How this set differs from `old`."""
        known = self._since.get(old.version)
        if known is None:
            self._since.clear()  # only the last one matters: nearly all streams come from it
            known = self._since[old.version] = _difference(old.resources, self.resources)
        return known

    def with_changes(self, changed: Iterable[Resource], removed: Iterable[str] = ()) -> "Set":
        """This set with some resources replaced or taken away."""
        resources, digest = dict(self.resources), self.digest
        for name in removed:
            if gone := resources.pop(name, None):
                digest -= gone.digest
        for one in changed:
            if old := resources.get(one.name):
                digest -= old.digest
            resources[one.name] = one
            digest += one.digest
        return Set(resources, digest & _MASK)


def set_of(resources: Iterable[Resource]) -> Set:
    """A set; of two resources of one name the first stays."""
    named: dict[str, Resource] = {}
    for one in resources:
        named.setdefault(one.name, one)
    return Set(named, sum(one.digest for one in named.values()) & _MASK)


EMPTY = set_of(())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The sets of all types, by type URL; `made_at` is when its cause was seen (monotonic s)."""

    sets: Mapping[str, Set] = field(default_factory=dict)
    made_at: float = 0.0

    def of(self, type_url: str) -> Set:
        return self.sets.get(type_url, EMPTY)

    def same_as(self, other: "Snapshot") -> bool:
        """Whether a client would see no difference."""
        types = self.sets.keys() | other.sets.keys()
        return all(self.of(one).digest == other.of(one).digest for one in types)


def _difference(old: Mapping[str, Resource], new: Mapping[str, Resource]) -> Difference:
    changed = frozenset(
        name for name, one in new.items()
        if (known := old.get(name)) is None or (known is not one and known.version != one.version)
    )  # fmt: skip
    return Difference(changed, frozenset(old.keys() - new.keys()))
