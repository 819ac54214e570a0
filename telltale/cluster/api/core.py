"""What every verb is handed: the store, the resources, the rules of admission. Never: a rule."""

from dataclasses import dataclass, field, replace
from typing import Protocol

from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.request import User
from telltale.cluster.api.resources import Registry, Resource
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key, Stored
from telltale.kube.codec import Object
from telltale.lib.clock import Clock, Ids


@dataclass(frozen=True, slots=True)
class Review:
    """A write on its way in; `object` may be changed by those who admit."""

    operation: str  # CREATE, UPDATE, DELETE
    resource: Resource
    object: Object
    old: Object | None
    user: User
    dry_run: bool = False
    subresource: str = ""
    warnings: list[str] = field(default_factory=list)  # what those who admit say to the client

    def with_object(self, object: Object) -> "Review":
        return replace(self, object=object)


class Admission(Protocol):
    """Says no to a write by raising an `ApiError`, or returns it, changed perhaps."""

    async def admit(self, review: Review) -> Object: ...


class Allocation(Protocol):
    """What a write must claim at the very moment of being stored (a Service's address).

    Called without an await before the write. Raises `Invalid` when it cannot be had.
    """

    def claim(self, resource: Resource, object: Object, old: Object | None) -> None: ...


class Kinds(Protocol):
    def of(self, resource: Resource) -> Kind: ...


@dataclass
class Core:
    store: Store
    registry: Registry
    kinds: Kinds
    admission: Admission
    allocation: Allocation
    clock: Clock
    ids: Ids

    def key(self, resource: Resource, namespace: str, name: str) -> Key:
        return Key(resource.storage, namespace if resource.namespaced else "", name)

    def stored(self, resource: Resource, namespace: str, name: str) -> Stored | None:
        return self.store.get(self.key(resource, namespace, name))


def shown(resource: Resource, object: Object) -> Object:
    """An object as this version of its resource shows it."""
    return resource.view.shown(object) if resource.view else object


def kept(resource: Resource, object: Object) -> Object:
    """An object given in this version, as it is kept."""
    return resource.view.kept(object) if resource.view else object
