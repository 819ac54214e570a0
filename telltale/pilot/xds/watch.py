"""What one stream knows of one type: what the client asked for, and what it was brought to.

Two readings of a request, state of the world and delta, one memory. Never: other types, or I/O.
The rules are those of the xDS protocol, sections "Basic Protocol Overview" and "Incremental xDS".
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from telltale.pilot.xds.doubt import Doubt
from telltale.pilot.xds.order import UNTOLD, WILDCARD
from telltale.pilot.xds.resource import Resource
from telltale.pilot.xds.snapshot import EMPTY, Set

STAR = "*"


@dataclass(frozen=True, slots=True)
class Sent:
    """A response that is not answered yet: which set it came from, and what is in it.

    `before`: of types whose answers must be complete, what the client had of the offered names.
    """

    nonce: str
    version: str
    offered: Mapping[str, Resource] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    before: Mapping[str, Resource] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.offered, *self.removed))


@dataclass(frozen=True, slots=True)
class Step:
    """What brings a client from where it is to a set."""

    changed: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()
    before: Mapping[str, Resource] = field(default_factory=dict)


@dataclass(slots=True)
class Watch:
    """`base` is the set that the client was last brought to, but for the names in `due`.

    due       names to send (or call missing) although `base` has them: newly asked, or re-sent
    answer    an answer is owed even if it is empty
    initial   what the client kept from an earlier stream, name to version, until first compared
    fresh     a delta client's first request is not answered yet: missing names are due as well
    retiring  gone from the set, kept at the client until nothing can point at them any more
    again     what was in a response that the client rejected and is to be said again
    rejected  the set whose removals alone the client rejected: not offered again
    doubt     which resources the client has rejected, or may yet
    """

    type: str
    names: set[str] = field(default_factory=set)
    wildcard: bool = False
    named: bool = False
    base: Set = EMPTY
    due: set[str] = field(default_factory=set)
    answer: bool = False
    initial: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = False
    retiring: dict[str, Resource] = field(default_factory=dict)
    again: frozenset[str] = frozenset()
    rejected: str = ""
    nonce: str = ""
    pending: Sent | None = None
    doubt: Doubt = field(default_factory=Doubt)

    def covers(self, name: str) -> bool:
        return self.wildcard or name in self.names

    def ask(self, names: Collection[str]) -> None:
        """State of the world: the request names all that the client wants.

        No name at all means everything, but only to LDS and CDS, and only until a first name.
        """
        wanted = set(names) - {STAR}
        self.named = self.named or bool(names)
        wildcard = STAR in names or (not self.named and self.type in WILDCARD)
        self.answer = self.answer or (wildcard and not self.wildcard)
        self.due |= wanted - self.names
        self.due &= wanted
        if not wildcard:
            self.retiring = {name: one for name, one in self.retiring.items() if name in wanted}
        self.names, self.wildcard = wanted, wildcard

    def start(self, subscribe: Collection[str], initial: Mapping[str, str]) -> None:
        """Delta, first request: `initial` is what the client still has from an earlier stream."""
        self.wildcard = STAR in subscribe or (not subscribe and self.type in WILDCARD)
        self.names = set(subscribe) - {STAR}
        if not self.wildcard:
            self.names |= initial.keys()
        self.initial = dict(initial)
        self.fresh, self.answer = True, self.wildcard

    def change(
        self, subscribe: Collection[str], unsubscribe: Collection[str], target: Set
    ) -> None:
        """Delta, later requests: every name newly asked for is answered, held already or not."""
        for name in unsubscribe:
            if name == STAR:
                self.wildcard = False
            elif name in self.names:
                self.names.discard(name)
                # Still covered by the wildcard: the client must hear what has become of it.
                (self.due.add if self.wildcard else self.due.discard)(name)
                self.retiring.pop(name, None)
        for name in subscribe:
            if name == STAR:
                self.answer = self.wildcard = True
                self.due |= target.resources.keys()
            else:
                self.names.add(name)
                self.due.add(name)

    def accepted(self) -> Sent:
        """The pending response was applied."""
        assert self.pending
        sent, self.pending = self.pending, None
        self.rejected = ""
        self.doubt.accepted(sent.offered)
        return sent

    def refused(self, error: str) -> tuple[str, ...]:
        """The pending response was rejected: who is to blame, withheld until it changes."""
        assert self.pending
        sent, self.pending = self.pending, None
        self.again |= sent.names
        if not sent.offered:
            self.rejected = sent.version
            return ()
        return self.doubt.blame(sent.offered, sent.before, error)

    def barred(self, target: Set) -> bool:
        """Whether the client has already rejected exactly this."""
        return self.rejected != "" and self.rejected == target.version

    def settled(self, target: Set) -> bool:
        """The client has taken all of `target` that it wants."""
        at_target = self.base is target and not self.retiring and not self.due
        return at_target and not self.pending and not self.rejected and not self.doubt

    def advance(self, target: Set, *, retire: bool) -> Step | None:
        """Move to `target`; None when there is nothing to say. `retire`: let go of what is gone."""
        changed, removed = self.due & target.resources.keys(), self.due - target.resources.keys()
        old = self.base.resources
        if not self.barred(target):
            again = {name for name in self.again if self.covers(name)}
            changed |= (again & target.resources.keys()) | self._follow(target)
            removed |= again - target.resources.keys()
        if self.fresh:
            removed |= (self.names | self.initial.keys()) - target.resources.keys()
            self.initial, self.fresh = {}, False
        for name in changed:
            self.retiring.pop(name, None)
        changed, before = self._choose(changed, target, old)
        if retire:
            removed |= self.retiring.keys()
            self.retiring = {}
        owed, self.answer, self.due = self.answer, False, set()
        if not (changed or removed or owed):
            return None
        sent = tuple(target.resources[name] for name in sorted(changed))
        return Step(sent, tuple(sorted(removed)), before)

    def _choose(
        self, wanted: set[str], target: Set, old: Mapping[str, Resource]
    ) -> tuple[set[str], Mapping[str, Resource]]:
        """Of what is to be sent, what may be sent now, and what the client has in its place."""
        before: dict[str, Resource] = {}
        if self.type in WILDCARD:
            untaken = self.again | self.doubt.refused.keys()
            taken = {name: old[name] for name in wanted if name in old and name not in untaken}
            before = taken | {one: known for one, known in self.doubt.kept.items() if one in wanted}
        if not self.doubt and not self.again:
            return wanted, before
        self.doubt.refresh(target.resources)
        wanted = wanted - self.doubt.refused.keys()
        chosen = self.doubt.next(wanted)
        self.again = frozenset(wanted - chosen) if not self.barred(target) else self.again
        return chosen, {name: one for name, one in before.items() if name in chosen}

    def everything(self) -> tuple[Resource, ...]:
        """All that the client is to have of a type whose answers must be complete.

        What it has refused, or what waits for a response of its own, stays as it was.
        """
        held = self.base.resources
        names = held.keys() if self.wildcard else self.names & held.keys()
        unsaid = self.again | self.doubt.refused.keys()
        kept = self.doubt.kept
        found = [kept.get(one) if one in unsaid else held[one] for one in sorted(names)]
        return (*(one for one in found if one), *self.retiring.values())

    def _follow(self, target: Set) -> set[str]:
        """Take the difference from `base`; what is gone begins to retire."""
        if self.base is target:
            return set()
        difference = target.since(self.base)
        for name in difference.removed:
            if self.covers(name) and self.type not in UNTOLD:
                known = self.doubt.kept.get(name, self.base.resources[name])
                self.retiring[name] = known
        self.base = target
        return {
            name for name in difference.changed
            if self.covers(name) and self.initial.get(name) != target.resources[name].version
        }  # fmt: skip
