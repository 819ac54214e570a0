"""Which objects a request selects, by labels and by fields. Pure. Raises `BadRequest`."""

from dataclasses import dataclass

from telltale.cluster.api.request import Ask
from telltale.cluster.store.stored import Index, Stored
from telltale.kube import selector
from telltale.kube.errors import BadRequest
from telltale.kube.selector import Selector

ALWAYS = ("metadata.name", "metadata.namespace")


@dataclass(frozen=True, slots=True)
class Selection:
    """Both selectors of a request."""

    labels: Selector
    fields: Selector

    @property
    def everything(self) -> bool:
        return not self.labels.clauses and not self.fields.clauses

    def holds(self, index: Index) -> bool:
        return self.labels.matches(index.labels) and self.fields.matches(index.fields)

    def of(self, found: list[Stored]) -> list[Stored]:
        return found if self.everything else [one for one in found if self.holds(one.index)]


def read(ask: Ask, known: tuple[str, ...]) -> Selection:
    """The selectors of a request; `known` are the kind's own selectable fields."""
    fields = selector.parse(ask.one("fieldSelector"))
    for clause in fields.clauses:
        if clause.key not in ALWAYS and clause.key not in known:
            may = ", ".join(f'"{one}"' for one in (*ALWAYS, *known))
            raise BadRequest(f'"{clause.key}" is not a known field selector: only {may}')
    return Selection(selector.parse(ask.one("labelSelector")), fields)
