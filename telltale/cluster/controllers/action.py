"""What a controller may want done: plain values that `apply` carries out.

Never: doing it. Events are told beside the action they speak of, as its outcome is known only then.
"""

from dataclasses import dataclass
from enum import StrEnum

from telltale.kube.codec import Json, Object
from telltale.kube.core import Pod
from telltale.kube.kinds import Kind
from telltale.kube.meta import Meta


class How(StrEnum):
    """How a patch is to be read: its content type."""

    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True, slots=True)
class About:
    """Which object an event speaks of."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, kind: Kind[object], meta: Meta) -> "About":
        return cls(kind.api_version, kind.kind, meta.namespace, meta.name, meta.uid)


@dataclass(frozen=True, slots=True)
class Tell:
    """An event. In `message`, `{name}` is the object made or removed, `{error}` why it failed."""

    about: About
    reason: str
    message: str
    source: str
    type: str = "Normal"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell when an action succeeds, and when the API refuses it."""

    done: Tell | None = None
    failed: Tell | None = None


@dataclass(frozen=True, slots=True)
class Create:
    kind: Kind[object]
    object: Object
    outcome: Outcome = Outcome()


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes an object; the API refuses a stale `resourceVersion` inside the patch (Conflict)."""

    kind: Kind[object]
    name: str
    patch: Json
    namespace: str = ""
    subresource: str = ""
    how: How = How.MERGE
    outcome: Outcome = Outcome()


@dataclass(frozen=True, slots=True)
class Delete:
    """Deletes the object with this uid, never a namesake; gone already is success."""

    kind: Kind[object]
    name: str
    namespace: str
    uid: str
    propagation: str = "Background"
    outcome: Outcome = Outcome()


@dataclass(frozen=True, slots=True)
class Owner:
    """Where to ask whether an owner lives."""

    kind: Kind[object]
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Collect:
    """Deletes an object once the API itself says that each of these owners is gone."""

    delete: Delete
    owners: tuple[Owner, ...]


@dataclass(frozen=True, slots=True)
class Bind:
    """Gives a pod its node."""

    pod: Pod
    node: str
    outcome: Outcome = Outcome()


@dataclass(frozen=True, slots=True)
class Empty:
    """Deletes all of these kinds in a terminating Namespace, and lets it go once none is left."""

    namespace: str
    kinds: tuple[Kind[object], ...]


@dataclass(frozen=True, slots=True)
class Again:
    """Look at the object once more after this many seconds, though nothing changes."""

    after_s: float


Action = Create | Patch | Delete | Collect | Bind | Empty | Tell | Again
