"""The pure face of the control plane: what one proxy should have. `why` asks it too.

`plan(mesh, proxy)` for one; `Plans` shares the parts that are the same for many. Never: versions,
bytes, I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig

from telltale.lib.memo import Memo
from telltale.model.change import Change, between
from telltale.model.mesh import Mesh
from telltale.model.route import MESH
from telltale.model.spread import Cut
from telltale.model.view import View
from telltale.model.workload import Proxy
from telltale.pilot.classes import Classes, Key
from telltale.pilot.envoy import outward
from telltale.pilot.envoy.gateway import bundle as gateways
from telltale.pilot.envoy.listening import listeners
from telltale.pilot.envoy.outward import Asker, Outward
from telltale.pilot.envoy.resources import Bundle
from telltale.pilot.envoy.upstream import clusters, endpoints
from telltale.pilot.intake import unapplied
from telltale.pilot.intake.problem import Problem
from telltale.pilot.patching import wasm


def plan(mesh: Mesh, proxy: Proxy) -> Bundle:
    """All resources of one proxy."""
    plans = Plans(mesh)
    key = plans.key(proxy)
    told = (endpoints.assignment(mesh, name, cut) for name, cut in plans.cuts(key).items())
    return replace(plans.of(key), endpoints=tuple(told))


Sight = Key  # one in which all is left out that does not tell apart what is seen


@dataclass(frozen=True, slots=True)
class _Made:
    """A bundle, and all that it was made of besides its key."""

    seen: Outward
    edges: object
    modules: tuple[TypedExtensionConfig, ...]
    bundle: Bundle


class Plans:
    """Plans of one mesh; what those who see it alike have in common is made once.

    `after` gives those of the next mesh: of what nobody can tell from before, the same values.
    `moved` is told of a mesh that differs in nothing but endpoints that are assigned and workloads,
    of which nothing here but `key` knows.
    """

    def __init__(
        self, mesh: Mesh, memo: Memo | None = None, *, before: "Plans | None" = None
    ) -> None:
        self._mesh = mesh
        self._memo = memo or Memo()
        self._classes: Classes = before._classes.after(mesh) if before else Classes(mesh)
        self._change = between(before._mesh, mesh) if before else Change()
        self._seen: dict[Sight, Outward] = {}
        self._made: dict[Key, _Made] = {}
        self._seen_before: Mapping[Sight, Outward] = before._seen if before else {}
        self._made_before: Mapping[Key, _Made] = before._made if before else {}

    def after(self, mesh: Mesh) -> "Plans":
        return Plans(mesh, self._memo, before=self)

    def moved(self, mesh: Mesh) -> None:
        self._classes.moved(mesh)

    def key(self, proxy: Proxy) -> Key:
        return self._classes.key(proxy)

    def of(self, key: Key) -> Bundle:
        """All but the endpoints: they are the same for every proxy, and have their own lane."""
        if key not in self._made:
            seen, edges = self._outward(key), self._edges(key)
            modules = self._modules(seen)
            made = self._made_before.get(key)
            if made is None or made.seen is not seen or (made.edges, made.modules) != (
                edges, modules
            ):  # fmt: skip
                make = self._gateway if key.edge else self._sidecar
                bundle = replace(make(key, seen), extensions=modules)
                made = _Made(seen, edges, modules, bundle)
            self._made[key] = made
        return self._made[key].bundle

    def cuts(self, key: Key) -> Mapping[str, Cut]:
        """What a class asks for of endpoints, by the assignments' names."""
        return self._outward(key).cuts

    def view(self, key: Key) -> View:
        """What a class sees of the mesh."""
        return self._outward(key).view

    def problems(self) -> tuple[Problem, ...]:
        """What was found only when patches were applied, in all plans that were made."""
        made = [one.finish.patcher for one in self._seen.values()]
        return tuple(unapplied.problems([(one.patches, one.met, one.faults) for one in made]))

    def _edges(self, key: Key) -> object:
        """What a gateway's doors are made of besides what it sees of services."""
        mesh = self._mesh
        if key.edge is None:
            return None
        return mesh.gateways, mesh.credentials, mesh.routings, mesh.policies, mesh.services

    def _modules(self, seen: Outward) -> tuple[TypedExtensionConfig, ...]:
        """Of the plugins among the patches; a new module makes nothing else anew."""
        patches = seen.finish.patcher.patches
        names = dict.fromkeys(one.extension for one in patches if one.extension)
        known = self._mesh.extensions
        return tuple(self._memo.of(wasm.config_of, known[name]) for name in names)

    def _outward(self, key: Key) -> Outward:
        edge = key.edge
        # Endpoints and listeners of its own are no part of what a sidecar sees.
        sight = key if edge else replace(key, targets=(), own=frozenset(), redirected=True)
        if sight not in self._seen:
            trusted = edge is not None and edge.trusted
            asker = Asker(self._view(key), key.said, trusted, gateway=edge is not None)
            before = self._seen_before.get(sight)
            self._seen[sight] = (
                outward.after(before, asker, self._change, self._memo) if before
                else outward.anew(asker, self._memo)
            )  # fmt: skip
        return self._seen[sight]

    def _view(self, key: Key) -> View:
        gateways = () if key.edge else (MESH,)
        return View(
            self._mesh, key.namespace, key.labels, gateways, key.place, key.node, key.calls
        )

    def _sidecar(self, key: Key, seen: Outward) -> Bundle:
        options, last, memo = self._mesh.options, seen.finish, self._memo
        served = memo.of(clusters.inbound, key.targets), memo.of(clusters.fixed)
        heard = memo.by(
            (listeners.inbound, key.targets, options, key.redirected, last.change),
            lambda: tuple(map(last.tell, listeners.inbound(
                key.targets, options, redirected=key.redirected
            ))),
        )  # fmt: skip
        return Bundle(
            clusters=(*seen.clusters, *last.clusters((*served[0], *served[1]))),
            listeners=last.listeners(listeners.distinct((
                *seen.listeners(key.own, redirected=key.redirected), *heard,
            ))),
            tables=seen.tables,
        )  # fmt: skip

    def _gateway(self, key: Key, seen: Outward) -> Bundle:
        assert key.edge
        view, last = self._view(key), seen.finish
        made = gateways.bundle(view, key.edge, seen.clusters)
        return replace(
            made, clusters=last.clusters(made.clusters),
            listeners=last.listeners(tuple(map(last.tell, made.listeners))),
            tables=last.tables(made.tables),
        )  # fmt: skip
