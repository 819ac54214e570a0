"""The load assignments that the classes of proxies ask for, each made once however many ask.

Kept by service, so that an endpoint change makes anew the assignments of its service alone. Never:
who asks, or what a class sees; values only, no I/O.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from telltale.lib.memo import Memo
from telltale.model.mesh import Mesh
from telltale.model.spread import Cut
from telltale.pilot.envoy.upstream import endpoints
from telltale.pilot.xds.resource import Resource, make
from telltale.pilot.xds.snapshot import EMPTY, Set, set_of


class Assigned:
    """`set` is what all classes together ask for; a proxy subscribes to its own part."""

    def __init__(self) -> None:
        self.set: Set = EMPTY
        self._cuts: dict[str, dict[str, Cut]] = {}

    def read(self, mesh: Mesh, memo: Memo) -> None:
        """All of another mesh. What was asked for is kept, for some classes still have it."""
        self._cuts = {host: known for host, known in self._cuts.items() if host in mesh.services}
        made = (_known(mesh, memo, name, cut) for known in self._cuts.values()
                for name, cut in known.items())  # fmt: skip
        self.set = set_of(made)

    def need(self, mesh: Mesh, cuts: Mapping[str, Cut]) -> None:
        """A class asks for these; those that nobody asked for before are added."""
        new = {name: cut for name, cut in cuts.items() if name not in self.set.resources}
        for name, cut in new.items():
            self._cuts.setdefault(cut.service, {})[name] = cut
        if new:
            self.set = self.set.with_changes(_make(mesh, *one) for one in new.items())

    def keep(self, names: Collection[str]) -> None:
        """Nobody asks for any others now."""
        gone = self.set.resources.keys() - names
        for known in self._cuts.values():
            for name in gone & known.keys():
                del known[name]
        if gone:
            self.set = self.set.with_changes((), gone)

    def moved(self, mesh: Mesh, services: Iterable[str]) -> bool:
        """Make those of these services anew; whether any of them differs."""
        changed = [one for service in services for one in self._changed(mesh, service)]
        if changed:
            self.set = self.set.with_changes(changed)
        return bool(changed)

    def _changed(self, mesh: Mesh, service: str) -> Iterator[Resource]:
        for name, cut in self._cuts.get(service, {}).items():
            made = _make(mesh, name, cut)
            if made.version != self.set.resources[name].version:
                yield made


def _known(mesh: Mesh, memo: Memo, name: str, cut: Cut) -> Resource:
    """An assignment depends on its endpoints, who they are and where."""
    service = mesh.services.get(cut.service)
    behind = mesh.endpoints.get(cut.service, {}).get(cut.port, ())
    known = [mesh.workloads.get(one.workload) for one in behind]
    places = repr([mesh.nodes.get(one.node) for one in behind]) if mesh.nodes else ""
    return memo.by(
        (_known, name, repr(cut), service, behind, mesh.options, places, *known),
        lambda: _make(mesh, name, cut),
    )


def _make(mesh: Mesh, name: str, cut: Cut) -> Resource:
    return make(name, endpoints.assignment(mesh, name, cut))
