"""What the store keeps beside an object, for selectors: its labels and its kind's fields. Pure."""

from telltale.cluster.api.kinds.every import EveryKind
from telltale.cluster.api.objects import mapping, name_of, namespace_of
from telltale.cluster.api.resources import Registry, Resource
from telltale.cluster.store.stored import Index
from telltale.kube.codec import Object


class Indexes:
    def __init__(self, kinds: EveryKind, registry: Registry) -> None:
        self._kinds = kinds
        self._registry = registry
        self._version = -1
        self._resources: dict[str, Resource] = {}

    def of(self, storage: str, object: Object) -> Index:
        fields = {"metadata.name": name_of(object), "metadata.namespace": namespace_of(object)}
        resource = self._resource(storage)
        if resource:
            fields.update(self._kinds.of(resource).fields(object))
        return Index(mapping(object, "metadata", "labels"), fields)

    def _resource(self, storage: str) -> Resource | None:
        if self._version != self._registry.version:
            self._version = self._registry.version
            served = sorted(self._registry, key=lambda one: one.view is None)
            self._resources = {one.storage: one for one in served}
        return self._resources.get(storage)
