"""Where a piece of configuration comes from, and to whom it applies.

Never: Kubernetes, Envoy; whether it is right.
"""

from collections.abc import Mapping
from dataclasses import dataclass

EVERYWHERE = "*"

Labels = tuple[tuple[str, str], ...]  # sorted


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """The object that said so. Ordered as the field orders: the older first, then by name.

    `path` is its URL path in the API, by which tools of the field recognise it.
    """

    created: str
    name: str
    namespace: str
    kind: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Namespaces that see it: names, or `EVERYWHERE`; and of whose workloads, by their labels."""

    namespaces: tuple[str, ...] = (EVERYWHERE,)
    selector: Labels = ()

    def seen_from(self, namespace: str) -> bool:
        return EVERYWHERE in self.namespaces or namespace in self.namespaces

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether a workload with these labels is meant; without a selector every one is."""
        return all(labels.get(key) == value for key, value in self.selector)
