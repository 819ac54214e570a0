"""EndpointSlices by the Service that they belong to, as an informer tells of them.

Never: what an endpoint means.
"""

from collections.abc import Iterator

from telltale.kube.client import Change
from telltale.kube.service import EndpointSlice

Name = tuple[str, str]  # namespace, name


class Slices:
    """Current once `hear` was told every change."""

    def __init__(self) -> None:
        self._by_service: dict[Name, dict[str, EndpointSlice]] = {}
        self._service_of: dict[Name, Name] = {}

    def __iter__(self) -> Iterator[EndpointSlice]:
        return iter([one for owned in self._by_service.values() for one in owned.values()])

    def of(self, service: Name) -> tuple[EndpointSlice, ...]:
        return tuple(self._by_service.get(service, {}).values())

    def known(self, slice: EndpointSlice) -> EndpointSlice | None:
        """What was heard of it last."""
        namespace, name = slice.metadata.namespace, slice.metadata.name
        service = self._service_of.get((namespace, name))
        return self._by_service[service][name] if service else None

    def hear(self, change: Change, slice: EndpointSlice) -> set[Name]:
        """Keep a change; returns the Services that it concerns: two when the slice has moved."""
        namespace, name = slice.metadata.namespace, slice.metadata.name
        service = (namespace, slice.service)
        before = self._service_of.get((namespace, name), service)
        if change is Change.DELETED or before != service:
            self._forget(before, name)
        if change is not Change.DELETED:
            self._by_service.setdefault(service, {})[name] = slice
            self._service_of[(namespace, name)] = service
        return {before, service}

    def _forget(self, service: Name, name: str) -> None:
        self._service_of.pop((service[0], name), None)
        owned = self._by_service.get(service, {})
        owned.pop(name, None)
        if not owned:
            self._by_service.pop(service, None)
