"""What the pilot says of an object in its `status`: values without times, found while reading.

    `Statuses`: which object -> the status as it should be, but for `lastTransitionTime`.

A part of another's (a route's parent with another `controllerName`, a condition of a type that is
not named here) is left as it is. Pure. Never: I/O; `pilot.statuses` writes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from telltale.kube.codec import Json, Object, dig
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config

CONDITIONS = "conditions"
_NEVER_KEPT = ("InsecureFrontendValidationMode",)  # ours alone, and only while it is true


@dataclass(frozen=True, slots=True)
class About:
    """Whose status it is."""

    kind: Kind[Config]
    namespace: str
    name: str


Statuses: TypeAlias = Mapping[About, Object]


@dataclass(frozen=True, slots=True)
class Condition:
    """`generation` is that of the object that was judged."""

    type: str
    holds: bool
    reason: str
    message: str = ""
    generation: int = 0

    def json(self) -> Object:
        return {
            "type": self.type, "status": "True" if self.holds else "False",
            "reason": self.reason, "message": self.message,
            "observedGeneration": self.generation,
        }  # fmt: skip


def conditions(of: Iterable[Condition]) -> list[Json]:
    return [one.json() for one in of]


def settled(known: Object, wanted: Object, now: str) -> Object | None:
    """The status to write, with times; None when nothing differs from what is known."""
    merged: Object = dict(known)
    for key, value in wanted.items():
        old = known.get(key)
        merged[key] = _kept(old, value) + _timed(old, value, now) if _lists(key, value) else value
    empty = {key for key, value in merged.items() if not value and key not in known}
    merged = {key: value for key, value in merged.items() if key not in empty}
    return None if merged == known else merged


def _lists(key: str, value: Json) -> bool:
    """Whether the items of a list are ours one by one."""
    return isinstance(value, list) and key in (CONDITIONS, "parents", "ancestors", "listeners")


def _kept(old: Json, wanted: Json) -> list[Json]:
    """What others have said beside us: first, and as it is."""
    ours = {_type(one) for one in _items(wanted)}
    return [
        one for one in _items(old)
        if (_type(one) and _type(one) not in ours and _type(one) not in _NEVER_KEPT)
        or (dig(one, "controllerName") and not _by_us(one, wanted))
    ]  # fmt: skip


def _by_us(one: Json, wanted: Json) -> bool:
    """A part of the controller whose word `wanted` is; an empty list is Telltale's too."""
    writers = {dig(other, "controllerName") for other in _items(wanted)} or {CONTROLLER}
    return dig(one, "controllerName") in writers


CONTROLLER = "istio.io/gateway-controller"


def _timed(old: Json, wanted: Json, now: str) -> list[Json]:
    """Each of our items, with the time since when it is so."""
    before = {_name(one): one for one in _items(old)}
    found: list[Json] = []
    for one in _items(wanted):
        if isinstance(one, dict):
            known = before.get(_name(one))
            if _type(one):
                found.append({**one, "lastTransitionTime": _since(known, one, now)})
            else:
                inner = _timed(dig(known, CONDITIONS), one.get(CONDITIONS), now)
                found.append({**one, CONDITIONS: inner} if CONDITIONS in one else one)
    return found


def _since(known: Json, one: Object, now: str) -> Json:
    same = dig(known, "status") == one["status"]
    return dig(known, "lastTransitionTime", default=now) if same else now


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _type(one: Json) -> Json:
    return dig(one, "type")


def _name(one: Json) -> str:
    """By what an item is found again: a condition's type, a listener's name, a reference."""
    named = [dig(one, key) for key in ("type", "name", "controllerName")]
    refs = [dig(one, key) for key in ("parentRef", "ancestorRef")]
    pairs = [sorted(ref.items()) if isinstance(ref, dict) else None for ref in refs]
    return repr((named, pairs))
