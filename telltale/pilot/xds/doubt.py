"""Which resources of a rejected response are to blame: by the client's words, or by trying. Pure.

A client rejects a response as a whole and says why in a text. Names in it are believed; where there
is none, the response is halved and each half sent by itself, until one resource stands alone. What
is to blame is withheld from this client until it changes; all else goes on. Each client speaks for
itself: no broken one can take anything away from the others. Never: a response, or another type.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from telltale.pilot.xds.resource import Resource

_SHORTEST = 3  # a shorter name, or one of digits, may stand in a text by chance


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the client said of this version of a resource."""

    version: str
    error: str


@dataclass(slots=True)
class Doubt:
    """What a client has rejected of one type.

    refused  by name: not offered again until its version changes
    trials   groups of names that are still to be tried, one response each
    kept     what the client has in place of what is refused or untried
    """

    refused: dict[str, Refusal] = field(default_factory=dict)
    trials: list[frozenset[str]] = field(default_factory=list)
    kept: dict[str, Resource] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.refused or self.trials)

    def blame(
        self, suspects: Mapping[str, Resource], before: Mapping[str, Resource], error: str
    ) -> tuple[str, ...]:
        """Judge a rejected response; those to blame. Halves go to `trials` if none is known."""
        for name in suspects:
            if name in before:
                self.kept.setdefault(name, before[name])
        guilty = [*suspects] if len(suspects) == 1 else named(error, suspects)
        self._end_trial()
        if not guilty:
            self.trials[:0] = halves(suspects)
            return ()
        for name in guilty:
            self.refused[name] = Refusal(suspects[name].version, error)
        rest = frozenset(suspects) - set(guilty)
        if rest:
            self.trials.insert(0, rest)
        return tuple(sorted(guilty))

    def accepted(self, names: Iterable[str]) -> None:
        """The client took these."""
        self._end_trial()
        for name in names:
            self.kept.pop(name, None)

    def refresh(self, target: Mapping[str, Resource]) -> None:
        """A change gives what was refused another chance; what is gone is forgotten."""
        self.refused = {
            name: one for name, one in self.refused.items()
            if name in target and target[name].version == one.version
        }  # fmt: skip
        self.kept = {name: one for name, one in self.kept.items() if name in target}

    def next(self, wanted: set[str]) -> set[str]:
        """Of what is to be sent, what goes into the next response: the first group, if any.

        What is wanted and in no group waits as a group of its own: it must not be blamed too.
        """
        left = wanted.difference(*self.trials)
        groups = [found for group in self.trials if (found := group & wanted)]
        if not groups:
            self.trials = []
            return wanted
        self.trials = [*groups, frozenset(left)] if left else groups
        return set(self.trials[0])

    def _end_trial(self) -> None:
        if self.trials:
            self.trials.pop(0)


def named(error: str, names: Collection[str]) -> list[str]:
    """The names that stand in the text. Longer ones first: they may contain others."""
    found = []
    for name in sorted(names, key=lambda one: (-len(one), one)):
        if len(name) < _SHORTEST or name.isdigit():
            continue
        pattern = rf"(?<![\w|./-]){re.escape(name)}(?![\w|/-]|\.\w)"
        error, count = re.subn(pattern, " ", error)
        if count:
            found.append(name)
    return found


def halves(names: Collection[str]) -> list[frozenset[str]]:
    ordered = sorted(names)
    middle = len(ordered) // 2
    return [frozenset(ordered[:middle]), frozenset(ordered[middle:])]
