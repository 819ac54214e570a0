"""What the controllers know: every kind on a shelf of its own, found by name, namespace and owner.

Never: I/O. The answer to one's own write is on the shelf at once, before the watch tells of it, so
that nothing is ever created twice; what the watch then says about older versions is ignored.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar, cast

import msgspec

from telltale.kube import kinds
from telltale.kube.apps import Deployment, ReplicaSet
from telltale.kube.cluster import ConfigMap, Namespace, Node, ServiceAccount
from telltale.kube.codec import Typed
from telltale.kube.core import Pod
from telltale.kube.kinds import Kind
from telltale.kube.meta import Anything, Meta, Ref
from telltale.kube.service import Endpoints, EndpointSlice, Service
from telltale.kube.statefulset import ControllerRevision, StatefulSet


class HasMeta(Protocol):
    @property
    def metadata(self) -> Meta: ...


T = TypeVar("T", bound=HasMeta)
Key = tuple[str, str]  # namespace, name
Listener = Callable[[T | None, T | None], None]  # what it was, what it is


class Shelf(Generic[T]):
    """The objects of one kind."""

    def __init__(self, kind: Kind[T]) -> None:
        self.kind = kind
        self.listeners: list[Listener[T]] = []
        self._namespaces: dict[str, dict[str, T]] = {}
        self._owned: dict[str, dict[Key, T]] = {}
        self._learnt: set[Key] = set()
        self._told = 0  # the newest version that the watch has told

    def __iter__(self) -> Iterator[T]:
        return iter([one for names in self._namespaces.values() for one in names.values()])

    def get(self, name: str, namespace: str = "") -> T | None:
        return self._namespaces.get(namespace, {}).get(name)

    def within(self, namespace: str) -> list[T]:
        return list(self._namespaces.get(namespace, {}).values())

    def owned(self, uid: str) -> list[T]:
        """Those with an owner reference to `uid`."""
        return list(self._owned.get(uid, {}).values())

    def put(self, object: T) -> None:
        meta = object.metadata
        before = self.get(meta.name, meta.namespace)
        if before is not None:
            self._disown(before)
        self._namespaces.setdefault(meta.namespace, {})[meta.name] = object
        for owner in meta.owner_references:
            self._owned.setdefault(owner.uid, {})[(meta.namespace, meta.name)] = object
        for listener in self.listeners:
            listener(before, object)

    def drop(self, name: str, namespace: str = "") -> None:
        before = self._namespaces.get(namespace, {}).pop(name, None)
        self._learnt.discard((namespace, name))
        if before is None:
            return
        if not self._namespaces[namespace]:
            del self._namespaces[namespace]
        self._disown(before)
        for listener in self.listeners:
            listener(before, None)

    def hear(self, object: T, *, gone: bool) -> None:
        """What a watch says; never goes back behind what our own writes have taught."""
        meta = object.metadata
        version = _version(object)
        self._told = max(self._told, version)
        known = self.get(meta.name, meta.namespace)
        if gone:
            if known is None or known.metadata.uid == meta.uid:
                self.drop(meta.name, meta.namespace)
        elif known is None or known.metadata.uid != meta.uid or version >= _version(known):
            self._learnt.discard((meta.namespace, meta.name))
            self.put(object)

    def learn(self, object: T) -> None:
        """The answer to a write of ours, unless the watch has told a later story already."""
        if _version(object) > self._told:
            self._learnt.add((object.metadata.namespace, object.metadata.name))
            self.put(object)

    def leaving(self, name: str, namespace: str, moment: str) -> None:
        """A delete of ours was accepted: the object counts as terminating from now on."""
        known = self.get(name, namespace)
        if known is not None and known.metadata.deletion_timestamp is None:
            meta = msgspec.structs.replace(known.metadata, deletion_timestamp=moment)
            struct = cast(Typed, known)
            self.change(cast(T, msgspec.structs.replace(struct, metadata=meta)))

    def change(self, object: T) -> None:
        """What a write of ours has done to an object, when the API answered with less than that."""
        self._learnt.add((object.metadata.namespace, object.metadata.name))
        self.put(object)

    def forget_learnt(self, known: Mapping[Key, T]) -> None:
        """The watch broke: back to what it had told; the new listing brings the rest."""
        self._told = 0
        for key in list(self._learnt):
            if key in known:
                self.put(known[key])
            else:
                self.drop(key[1], key[0])
        self._learnt.clear()

    def _disown(self, object: T) -> None:
        key = (object.metadata.namespace, object.metadata.name)
        for owner in object.metadata.owner_references:
            owned = self._owned.get(owner.uid, {})
            owned.pop(key, None)
            if not owned:
                self._owned.pop(owner.uid, None)


def _shelf(kind: Kind[T]) -> "Callable[[], Shelf[T]]":
    return lambda: Shelf(kind)


@dataclass
class View:
    """All shelves; `now` is set before each look, `failed` says why the API refused an action."""

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    failed: dict[Ref, str] = field(default_factory=dict)
    namespaces: Shelf[Namespace] = field(default_factory=_shelf(kinds.NAMESPACE))
    nodes: Shelf[Node] = field(default_factory=_shelf(kinds.NODE))
    pods: Shelf[Pod] = field(default_factory=_shelf(kinds.POD))
    services: Shelf[Service] = field(default_factory=_shelf(kinds.SERVICE))
    endpoints: Shelf[Endpoints] = field(default_factory=_shelf(kinds.ENDPOINTS))
    slices: Shelf[EndpointSlice] = field(default_factory=_shelf(kinds.ENDPOINT_SLICE))
    deployments: Shelf[Deployment] = field(default_factory=_shelf(kinds.DEPLOYMENT))
    replica_sets: Shelf[ReplicaSet] = field(default_factory=_shelf(kinds.REPLICA_SET))
    stateful_sets: Shelf[StatefulSet] = field(default_factory=_shelf(kinds.STATEFUL_SET))
    revisions: Shelf[ControllerRevision] = field(default_factory=_shelf(kinds.CONTROLLER_REVISION))
    config_maps: Shelf[ConfigMap] = field(default_factory=_shelf(kinds.CONFIG_MAP))
    accounts: Shelf[ServiceAccount] = field(default_factory=_shelf(kinds.SERVICE_ACCOUNT))
    secrets: Shelf[Anything] = field(default_factory=_shelf(kinds.SECRET.of(Anything)))
    leases: Shelf[Anything] = field(default_factory=_shelf(kinds.LEASE.of(Anything)))
    webhooks: Shelf[Anything] = field(default_factory=_shelf(kinds.MUTATING_WEBHOOK.of(Anything)))
    custom: dict[str, Shelf[Anything]] = field(default_factory=dict)

    def shelves(self) -> "dict[str, Shelf[HasMeta]]":
        """Every shelf, by `title` of its kind."""
        built_in = (
            self.namespaces, self.nodes, self.pods, self.services, self.endpoints, self.slices,
            self.deployments, self.replica_sets, self.stateful_sets, self.revisions,
            self.config_maps, self.accounts, self.secrets, self.leases, self.webhooks,
        )  # fmt: skip
        named = {title(shelf.kind): shelf for shelf in built_in}
        return cast("dict[str, Shelf[HasMeta]]", {**named, **self.custom})

    def shelf(self, kind: Kind[object]) -> "Shelf[HasMeta] | None":
        return self.shelves().get(title(kind))


def title(kind: Kind[object]) -> str:
    """A kind's name that no other group's kind shares: `Pod`, `Deployment.apps`."""
    return f"{kind.kind}.{kind.group}" if kind.group else kind.kind


def owner_title(api_version: str, kind: str) -> str:
    """The same, from what an owner reference says."""
    group, slash, _ = api_version.partition("/")
    return f"{kind}.{group}" if slash else kind


def ref(kind: Kind[object], meta: Meta) -> Ref:
    return Ref(kind.kind, meta.namespace, meta.name)


def _version(object: HasMeta) -> int:
    version = object.metadata.resource_version
    return int(version) if version.isdigit() else 0


Keys = Iterable[Ref]
Notify = Callable[[Ref], None]
Subscribe = Callable[[View, Notify], None]


def hears(shelf: Callable[[View], Shelf[T]], keys: Callable[[View, T], Keys]) -> Subscribe:
    """A controller's ear: on each change on a shelf, which of its own objects must be looked at."""

    def subscribe(view: View, notify: Notify) -> None:
        def changed(before: T | None, after: T | None) -> None:
            for one in (before, after):
                if one is not None:
                    for key in keys(view, one):
                        notify(key)

        shelf(view).listeners.append(changed)

    return subscribe
