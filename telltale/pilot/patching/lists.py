"""One patch on a list of like things: filters, chains, hosts, routes. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import Message

from telltale.model.patch import Change
from telltale.pilot.patching.merging import merge

M = TypeVar("M", bound=Message)

_MERGES = (Change.MERGE, Change.MERGE_LISTS_ANEW)


@dataclass(frozen=True, slots=True)
class Edit:
    """`value` is None for REMOVE. `asks`: whether the patch says which of the list it means."""

    change: Change
    value: Message | None
    asks: bool

    def apply(
        self, given: Sequence[M], meant: Callable[[M], bool], last: int = 0, place: int = -1
    ) -> list[M] | None:
        """The list after it; None when the patch means nothing in it.

        The `last` ones stay the last. `place`: where an insertion goes that asks for nothing.
        """
        chosen = [index for index, one in enumerate(given) if meant(one)]
        if self.change in (*_MERGES, Change.REMOVE, Change.REPLACE):
            return self._changed(given, chosen) if chosen else None
        assert self.value is not None
        if self.change in (Change.BEFORE, Change.AFTER) and self.asks and not chosen:
            return None
        at = self._index(len(given), chosen, last, place)
        return [*given[:at], self.value, *given[at:]]  # type: ignore[list-item]

    def _index(self, length: int, chosen: list[int], last: int, place: int) -> int:
        if place >= 0 and not (self.asks and chosen):
            return place
        if self.change is Change.BEFORE:
            return chosen[0] if self.asks else 0
        if self.change is Change.AFTER and self.asks:
            return min(chosen[-1] + 1, length - last)
        return 0 if self.change is Change.FIRST else length - last

    def _changed(self, given: Sequence[M], chosen: list[int]) -> list[M]:
        found: list[M] = []
        for index, one in enumerate(given):
            if index not in chosen:
                found.append(one)
            elif self.change is Change.REPLACE:
                found.append(self.value)  # type: ignore[arg-type]
            elif self.change in _MERGES and self.value is not None:
                copy = type(one)()
                copy.CopyFrom(one)
                merge(copy, self.value, lists_anew=self.change is Change.MERGE_LISTS_ANEW)
                found.append(copy)
        return found
