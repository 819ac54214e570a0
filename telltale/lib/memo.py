"""Results of pure functions, found again by the identity of what the functions were given.

Frozen values that come out of a cache are the same objects as long as nothing has changed, so their
identity is their version: what is made of the same parts need not be made again, stage after stage.
Never: a function that depends on anything but its arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")

_BY_VALUE = (str, int, float, bytes, Enum, type(None))


@dataclass(frozen=True, slots=True)
class _Group:
    """Items, and what was made of each by its id; `rest` is kept so that ids stay theirs."""

    place: object
    rest: tuple[object, ...]
    items: tuple[Any, ...]
    known: dict[int, tuple[object, Any]]
    made: tuple[Any, ...]


class Memo:
    """`of(make, *parts)` is `make(*parts)`; `sweep` forgets what was not asked for since."""

    def __init__(self, most: int = 200_000) -> None:
        """`most` results are kept at most, whether or not anybody sweeps."""
        self._most = most
        self._groups: dict[object, _Group] = {}
        self.made = 0  # since the last sweep
        self._young: dict[object, tuple[tuple[object, ...], object]] = {}
        self._old: dict[object, tuple[tuple[object, ...], object]] = {}

    def of(self, make: Callable[..., T], *parts: object) -> T:
        return self.by((make, *parts), lambda: make(*parts))

    def by(self, parts: tuple[object, ...], make: Callable[[], T]) -> T:
        """What `make` makes, which must depend on these parts alone; the first says what it is."""
        key = tuple([one if isinstance(one, _BY_VALUE) else id(one) for one in parts])
        known = self._young.get(key)
        if known is None:
            # The parts are kept beside the result, so that their ids stay theirs.
            known = self._old.pop(key, None)
            if known is None:
                known = parts, make()
                self.made += 1
            self._young[key] = known
            if len(self._young) > self._most:
                self.sweep()
        found: T = known[1]  # type: ignore[assignment]
        return found

    def each(self, make: Callable[..., T], items: tuple[Any, ...], *rest: object) -> tuple[T, ...]:
        """`make(item, *rest)` of each item; the same tuple for the same items.

        Cheaper than `of` for each, and it forgets exactly those that are not among the items.
        """
        place = (make, *(one if isinstance(one, _BY_VALUE) else id(one) for one in rest))
        before = self._groups.get(make)
        if before is None or before.place != place:
            before = _Group(place, rest, (), {}, ())
        if before.items is not items:
            known = before.known
            found = {
                id(one): known.get(id(one)) or (one, make(one, *rest)) for one in items
            }  # fmt: skip
            before = _Group(place, rest, items, found, tuple([one for _, one in found.values()]))
        self._groups[make] = before
        return before.made

    def sweep(self) -> None:
        self._old, self._young, self.made = self._young, {}, 0
