"""The names of the mesh as the workload may say them. Pure.

    reviews     reviews.default     reviews.default.svc     reviews.default.svc.cluster.local

all mean the Service, the first in its own namespace only; what is declared by hand is known by its
whole name. A known name with the first search domain behind it is another name for it, so that a
resolver that tries its search list first is told at once. Never: whom else to ask.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Found:
    """`alias_of`: the name that has the addresses, where it is not the one asked for."""

    addresses: tuple[str, ...]
    alias_of: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """`cluster` and `declared` by full name, in lower case; only the former have shorter ones.

    `domain` is that of the workload's namespace: `default.svc.cluster.local`.
    """

    cluster: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    domain: str = ""

    def find(self, name: str, search: str = "") -> Found | None:
        """`name` without the dot at its end. None: it is none of the mesh's."""
        if (addresses := self._addresses(name)) is not None:
            return Found(addresses)
        bare = name.removesuffix(f".{search}")
        if search and bare != name and (addresses := self._addresses(bare)) is not None:
            return Found(addresses, bare)
        return None

    def _addresses(self, name: str) -> tuple[str, ...] | None:
        for full in self._full(name):
            if full in self.cluster:
                return self.cluster[full]
        for form in _forms(name):
            if form in self.declared:
                return self.declared[form]
        return None

    def _full(self, name: str) -> Iterator[str]:
        """What it may be short for: without namespace, without `svc`, without the domain."""
        yield name
        rest = self.domain
        for _ in range(3):
            if rest:
                yield f"{name}.{rest}"
            rest = rest.partition(".")[2]


def _forms(name: str) -> Iterator[str]:
    """The name, then the wildcards that cover it, the closest first."""
    yield name
    rest = name
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
