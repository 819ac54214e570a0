"""Patches on the finished resources of a class of proxies, in their order. Pure.

Each patch is tried on a copy: one that does not fit leaves the resource as it was and is told.
Never: a resource that no patch means.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf.message import Message

from telltale.model.patch import Change, Context, Part, Patch
from telltale.pilot.patching import listeners, meant, rules, tables
from telltale.pilot.patching.merging import merge
from telltale.pilot.patching.notes import noted
from telltale.pilot.patching.values import Unfit, parse

M = TypeVar("M", bound=Message)

_TABLES = (Part.TABLE, Part.VIRTUAL_HOST, Part.ROUTE)


@dataclass
class Patcher:
    """For one class. `gateway`: its proxies are gateways. What patches met, and what did not fit.
    """

    patches: tuple[Patch, ...]
    gateway: bool = False
    met: set[Patch] = field(default_factory=set)
    faults: dict[Patch, str] = field(default_factory=dict)
    names: set[tuple[Part, str]] = field(default_factory=set)
    added: set[tuple[Part, str]] = field(default_factory=set)

    def clusters(self, given: Iterable[Cluster], *, last: bool = True) -> tuple[Cluster, ...]:
        """`last`: no others follow, so that those are added that are a user's own."""
        found = list(given)
        self.names |= {(Part.CLUSTER, one.name) for one in found}
        for patch in self.patches:
            if patch.part is Part.CLUSTER and (last or patch.change is not Change.ADD):
                found = self._resources(patch, found, self._cluster_side, meant.cluster)
        return tuple(found)

    def listeners(self, given: Iterable[Listener]) -> tuple[Listener, ...]:
        found = list(given)
        self.names |= {(Part.LISTENER, one.name) for one in found}
        for patch in self.patches:
            if patch.part is Part.LISTENER:
                found = self._resources(patch, found, self._side, meant.listener)
            elif patch.part is not Part.CLUSTER:
                found = [self._changed(patch, one, listeners.change) for one in found]
        return tuple(found)

    def routes(self, given: Iterable[RouteConfiguration]) -> tuple[RouteConfiguration, ...]:
        here = Context.GATEWAY if self.gateway else Context.OUTBOUND
        found = list(given)
        for patch in self.patches:
            if patch.part in _TABLES and meant.context(patch.where.context, here):
                found = [self._changed(patch, one, tables.change) for one in found]
        return tuple(found)

    def _side(self, one: Listener) -> Context:
        return Context.GATEWAY if self.gateway else meant.side(one)

    def _cluster_side(self, one: Cluster) -> Context:
        if self.gateway:
            return Context.GATEWAY
        inbound = one.name.startswith("inbound|") or one.name.startswith("Inbound")
        return Context.INBOUND if inbound else Context.OUTBOUND

    def _changed(self, patch: Patch, one: M, change: Callable[..., bool]) -> M:
        """The resource with the patch applied, or as it was."""
        if isinstance(one, Listener) and not meant.context(patch.where.context, self._side(one)):
            return one
        copy = type(one)()
        copy.CopyFrom(one)
        try:
            if not change(patch, copy):
                return one
            if (wrong := rules.fault(copy)) and wrong != rules.fault(one):
                raise Unfit(wrong)
        except Unfit as error:
            self.met.add(patch)
            self.faults.setdefault(patch, f"{one.name}: {error}")  # type: ignore[attr-defined]
            return one
        self.met.add(patch)
        noted(copy, patch)
        return copy

    def _resources(
        self, patch: Patch, given: list[M], side: Callable[[M], Context],
        is_meant: Callable[..., bool],
    ) -> list[M]:  # fmt: skip
        """A patch on whole resources: one is added, or those that it means merged or removed."""
        if patch.change is Change.ADD:
            wanted = patch.where.context
            fits = wanted is Context.ANY or (wanted is Context.GATEWAY) is self.gateway
            return self._added(patch, given) if fits else given
        found: list[M] = []
        for one in given:
            chosen = meant.context(patch.where.context, side(one)) and is_meant(patch.where, one)
            if not chosen:
                found.append(one)
            elif patch.change is Change.REMOVE:
                self.met.add(patch)
            else:
                found.append(self._changed(patch, one, _merged))
        return found

    def _added(self, patch: Patch, given: list[M]) -> list[M]:
        self.met.add(patch)
        try:
            value = parse(patch.part, patch.value)
            if wrong := rules.fault(value):
                raise Unfit(wrong)
        except Unfit as error:
            self.faults.setdefault(patch, str(error))
            return given
        name = value.name  # type: ignore[attr-defined]
        known = (patch.part, name) in self.names and (patch.part, name) not in self.added
        if known or any(one.name == name for one in given):  # type: ignore[attr-defined]
            self.faults.setdefault(patch, f"{name!r} is there already")
            return given
        self.added.add((patch.part, name))
        noted(value, patch)
        return [*given, value]  # type: ignore[list-item]


def _merged(patch: Patch, one: Message) -> bool:
    anew = patch.change is Change.MERGE_LISTS_ANEW
    merge(one, parse(patch.part, patch.value), lists_anew=anew)
    return True

