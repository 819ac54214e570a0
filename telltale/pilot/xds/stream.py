"""One client's ADS stream as a state machine: events in, actions out, no I/O and no clock.

Asked / AskedDelta: the client spoke. Published: there is a newer state. For each type at most one
response is unanswered; what changes meanwhile is not queued but found again from the newest state.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from telltale.pilot.xds.order import AFTER, BEFORE_REMOVAL, RESENT_AFTER, TYPES, WILDCARD
from telltale.pilot.xds.resource import Resource
from telltale.pilot.xds.snapshot import Snapshot
from telltale.pilot.xds.watch import Sent, Step, Watch

REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A DiscoveryRequest: all names that the client wants now. `error`: it rejected `nonce`."""

    type: str
    names: tuple[str, ...] = ()
    nonce: str = ""
    error: str | None = None
    node: str = ""


@dataclass(frozen=True, slots=True)
class AskedDelta:
    """A DeltaDiscoveryRequest: what to add and to drop; `initial` is what it has already."""

    type: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial: Mapping[str, str] = field(default_factory=dict)
    nonce: str = ""
    error: str | None = None
    node: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    snapshot: Snapshot


Event = Asked | AskedDelta | Published


@dataclass(frozen=True, slots=True)
class Joined:
    """The client said who it is; snapshots for it may be published from now on."""

    node: str


@dataclass(frozen=True, slots=True)
class Send:
    """A response. `removed` is for delta alone; `delta` says which message it is."""

    type: str
    version: str
    nonce: str
    resources: tuple[Resource, ...] = ()
    removed: tuple[str, ...] = ()
    delta: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    type: str
    version: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The client keeps what it had; `error` is its own text, `names` what the response carried.

    `blamed`: those of them that are withheld now. None yet: they are tried in smaller responses.
    """

    type: str
    version: str
    nonce: str
    error: str
    names: tuple[str, ...] = ()
    blamed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Close:
    """The client broke the protocol; the reason names what and how."""

    reason: str


Action = Joined | Send | Accepted | Rejected | Close


class Stream:
    """`receive` every event in order, do the actions in order. `log` keeps the last events."""

    def __init__(self, label: str = "") -> None:
        self._label = label
        self._count = 0
        self._snapshot: Snapshot | None = None
        self.node = ""
        self.watches: dict[str, Watch] = {}
        self.log: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)
        self._delta = False
        self._warming: set[str] = set()

    def receive(self, event: Event) -> list[Action]:
        match event:
            case Published(snapshot):
                self._snapshot = snapshot
                actions: list[Action] = []
            case _:
                actions = self._asked(event)
        if not any(isinstance(action, Close) for action in actions):
            actions += self._flush()
        self.log.append((_brief(event), "; ".join(map(_brief, actions))))
        return actions

    def withheld(self, type_url: str) -> list[tuple[Resource, str]]:
        """What the client has refused and is not sent, with what it said."""
        watch = self.watches.get(type_url)
        held = watch.base.resources if watch else {}
        refused = watch.doubt.refused if watch else {}
        return [
            (held[name], one.error) for name, one in refused.items()
            if name in held and held[name].version == one.version
        ]  # fmt: skip

    def _asked(self, event: Asked | AskedDelta) -> list[Action]:
        actions: list[Action] = []
        if not self.node:
            if not event.node:
                return [Close("the first request of a stream must carry node.id: it is empty")]
            self.node = event.node
            actions.append(Joined(event.node))
        elif event.node and event.node != self.node:
            return [Close(f"node.id is {event.node!r} but this stream is {self.node!r}'s")]
        if not event.type:
            return [*actions, Close("type_url is empty: an ADS request must name its type")]
        if event.type not in TYPES:
            return actions  # not ours to serve, and no reason to end what works
        if isinstance(event, Asked):
            return actions + self._whole(event)
        return actions + self._increment(event)

    def _whole(self, event: Asked) -> list[Action]:
        """State of the world. A stale request is ignored altogether: a newer one is on its way."""
        watch = self.watches.get(event.type)
        if watch and event.nonce and watch.nonce and event.nonce != watch.nonce:
            return []
        if watch is None:
            watch = self.watches[event.type] = Watch(event.type)
        actions = self._answered(watch, event)
        watch.ask(event.names)
        return actions

    def _increment(self, event: AskedDelta) -> list[Action]:
        """Delta. Subscriptions count even in a stale request: each is said only once."""
        self._delta = True
        watch = self.watches.get(event.type)
        if watch is None:
            watch = self.watches[event.type] = Watch(event.type)
            watch.start(event.subscribe, event.initial)
            if event.type in RESENT_AFTER.values():
                self._rewarm(watch)
            return []
        actions = self._answered(watch, event)
        target = (self._snapshot or Snapshot()).of(event.type)
        watch.change(event.subscribe, event.unsubscribe, target)
        return actions

    def _answered(self, watch: Watch, event: Asked | AskedDelta) -> list[Action]:
        pending = watch.pending
        if not pending or event.nonce != pending.nonce:
            return []
        if event.error is None:
            watch.accepted()
            return [Accepted(watch.type, pending.version, pending.nonce)]
        blamed = watch.refused(event.error)
        names = tuple(sorted(pending.names))
        return [Rejected(watch.type, pending.version, pending.nonce, event.error, names, blamed)]

    def _flush(self) -> list[Action]:
        """Send what may be sent now, in order; then take away what nothing points at any more."""
        if self._snapshot is None:
            return []
        sends: list[Action] = []
        for watch in self._watched(TYPES):
            waits = any(self._unanswered(other) for other in AFTER[watch.type])
            if not watch.pending and not (waits and not watch.due and not watch.answer):
                sends += self._advance(watch, self._snapshot)
        for watch in self._watched(tuple(reversed(TYPES))):
            if watch.retiring and not watch.pending and self._may_retire(watch):
                sends += self._advance(watch, self._snapshot)
        return sends

    def _advance(self, watch: Watch, snapshot: Snapshot) -> list[Action]:
        target = snapshot.of(watch.type)
        held = watch.base.resources.keys() | watch.initial.keys()
        step = watch.advance(target, retire=self._may_retire(watch))
        if step is None:
            return []
        again = {one.follower or one.name for one in step.changed if one.name in held}
        self._resend(watch, again, snapshot)
        if self._delta:
            return [self._send(watch, target.version, step)]
        if watch.type not in WILDCARD:  # what changed is enough; what is gone is not told
            return [self._send(watch, target.version, Step(step.changed))] if step.changed else []
        partly = len(watch.retiring) + len(watch.doubt.refused) + len(watch.again)
        version = f"{target.version}+{partly}" if partly else target.version
        return [self._send(watch, version, step, watch.everything())]

    def _send(
        self, watch: Watch, version: str, step: Step, whole: tuple[Resource, ...] | None = None
    ) -> Send:
        """`whole`: what is said where an answer must be complete; only what is new is on trial."""
        self._count += 1
        watch.nonce = f"{self._label}{self._count}"
        offered = {one.name: one for one in step.changed}
        removed = () if whole is not None else step.removed
        watch.pending = Sent(watch.nonce, watch.base.version, offered, step.removed, step.before)
        said = step.changed if whole is None else whole
        return Send(watch.type, version, watch.nonce, said, removed, self._delta)

    def _resend(self, watch: Watch, behind: set[str], snapshot: Snapshot) -> None:
        """A cluster that the client has and that changes needs its endpoints again, right behind.

        After a reconnect the endpoints may not have been asked for yet: then they wait for that.
        """
        other = RESENT_AFTER.get(watch.type)
        if other:
            self._warming |= behind & snapshot.of(other).resources.keys()
            if follower := self.watches.get(other):
                self._rewarm(follower)

    def _rewarm(self, follower: Watch) -> None:
        follower.due |= {name for name in self._warming if follower.covers(name)}
        self._warming.clear()

    def _may_retire(self, watch: Watch) -> bool:
        assert self._snapshot
        others = self._watched(BEFORE_REMOVAL[watch.type])
        return all(other.settled(self._snapshot.of(other.type)) for other in others)

    def _unanswered(self, type_url: str) -> bool:
        watch = self.watches.get(type_url)
        return watch is not None and watch.pending is not None

    def _watched(self, types: tuple[str, ...]) -> list[Watch]:
        return [self.watches[one] for one in types if one in self.watches]


def _brief(item: Event | Action) -> str:
    """One line for the log, holding on to nothing large."""
    match item:
        case Published(snapshot):
            return "published " + " ".join(snapshot.of(one).version[:8] for one in TYPES)
        case Send(type_url, version, nonce, resources, removed):
            kind = type_url.rpartition(".")[2]
            return f"send {kind} {version} #{nonce} +{len(resources)} -{len(removed)}"
        case Asked(type_url, names, nonce, error):
            kind = type_url.rpartition(".")[2]
            return f"asked {kind} #{nonce} {len(names)} names" + (f": {error}" if error else "")
        case AskedDelta(type_url, more, less, initial, nonce, error):
            kind = type_url.rpartition(".")[2]
            found = f"asked {kind} #{nonce} +{len(more)} -{len(less)} has {len(initial)}"
            return found + (f": {error}" if error else "")
        case _:
            return str(item)[:300]
