"""The load assignments that the classes of proxies ask for, each made once however many ask.

Kept by service, so that an endpoint change makes anew the assignments of its service alone. Never:
who asks, or what a class sees; values only, no I/O.
"""

from collections.abc import Iterable, Iterator, Mapping

from telltale.model.mesh import Mesh
from telltale.model.spread import Cut
from telltale.pilot.envoy.upstream import endpoints
from telltale.pilot.xds.resource import Resource, make
from telltale.pilot.xds.snapshot import EMPTY, Set


class Assigned:
    """`set` is what all classes together ask for; a proxy subscribes to its own part."""

    def __init__(self) -> None:
        self.set: Set = EMPTY
        self._mesh = Mesh()
        self._cuts: dict[str, dict[str, Cut]] = {}
        self._heard: dict[int, Mapping[str, Cut]] = {}  # what classes asked for, by identity

    def read(self, mesh: Mesh) -> None:
        """All of another mesh. What was asked for is kept, for some classes still have it."""
        before, self._mesh = self._mesh, mesh
        gone = [name for key in self._cuts.keys() - mesh.services.keys()
                for name in self._cuts.pop(key)]  # fmt: skip
        changed = [one for key in self._cuts if _differs(before, mesh, key)
                   for one in self._changed(mesh, key)]  # fmt: skip
        if gone:
            self._heard.clear()
        if gone or changed:
            self.set = self.set.with_changes(changed, gone)

    def need(self, cuts: Mapping[str, Cut]) -> None:
        """A class asks for these; those that nobody asked for before are made."""
        if id(cuts) in self._heard:
            return
        self._heard[id(cuts)] = cuts
        new: list[Resource] = []
        for name, cut in cuts.items():
            known = self._cuts.setdefault(cut.service, {})
            if known.get(name) != cut:
                known[name] = cut
                new.append(_make(self._mesh, name, cut))
        if new:
            self.set = self.set.with_changes(new)

    def keep(self, asked: Iterable[Mapping[str, Cut]]) -> None:
        """Nobody asks for any others now."""
        heard = {id(cuts): cuts for cuts in asked}
        gone = self.set.resources.keys() - {name for cuts in heard.values() for name in cuts}
        self._heard = heard
        for known in self._cuts.values():
            for name in gone & known.keys():
                del known[name]
        if gone:
            self.set = self.set.with_changes((), gone)

    def moved(self, mesh: Mesh, services: Iterable[str]) -> bool:
        """Make those of these services anew, which alone differ; whether any of them does."""
        self._mesh = mesh
        changed = [one for service in services for one in self._changed(mesh, service)]
        if changed:
            self.set = self.set.with_changes(changed)
        return bool(changed)

    def _changed(self, mesh: Mesh, service: str) -> Iterator[Resource]:
        for name, cut in self._cuts.get(service, {}).items():
            made = _make(mesh, name, cut)
            if made.version != self.set.resources[name].version:
                yield made


def _differs(old: Mesh, new: Mesh, key: str) -> bool:
    """An assignment depends on its service's endpoints, who they are and where."""
    return not (
        old.services.get(key) is new.services.get(key)
        and old.endpoints.get(key) is new.endpoints.get(key)
        and old.workloads is new.workloads and old.nodes is new.nodes
        and old.options is new.options
    )  # fmt: skip


def _make(mesh: Mesh, name: str, cut: Cut) -> Resource:
    return make(name, endpoints.assignment(mesh, name, cut))
