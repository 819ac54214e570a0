"""All that a class of clients is told of the way out, and what an edit makes of it. Pure.

Made host by host (`part`). When a mesh follows another, the parts of the hosts that differ are made
anew, and of those that had looked them up; what is put together of parts that stayed is the same
value as before. Never: what comes in, or the difference of two meshes (`model.change`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.lib.memo import Memo
from telltale.model.change import Change
from telltale.model.gateway import Credential
from telltale.model.options import Options
from telltale.model.scope import Labels
from telltale.model.sidecar import Sidecar
from telltale.model.spread import Cut
from telltale.model.view import View
from telltale.pilot.envoy import part
from telltale.pilot.envoy.listening import places
from telltale.pilot.envoy.listening.places import Heard, Places
from telltale.pilot.envoy.part import Part
from telltale.pilot.envoy.resources import Table
from telltale.pilot.envoy.routing import strangers, tables
from telltale.pilot.envoy.routing.strangers import Strangers
from telltale.pilot.envoy.routing.tables import Shared
from telltale.pilot.envoy.telling import finish
from telltale.pilot.envoy.telling.finish import Finish, Wanted


@dataclass(frozen=True, slots=True)
class Terms:
    """What everything that a class has depends on; when it differs all is made anew."""

    options: Options
    sidecar: Sidecar | None
    wanted: Wanted
    credentials: Mapping[Credential, str] | None


@dataclass(frozen=True, slots=True)
class Asker:
    """A class of clients. `said`: what patches ask of the proxy's own word; `trusted`: it may have
    its namespace's credentials."""

    view: View
    said: Labels = ()
    trusted: bool = False
    gateway: bool = False


Hearer = tuple[frozenset[str], bool]  # addresses of its own, whether it is redirected


@dataclass(frozen=True, slots=True, eq=False)
class Outward:
    """`parts`: of services in their order, then of hosts that are only routed (`strange`).

    `clusters` and `tables` are finished; `shared` are those of port numbers, unfinished. `silent`:
    since `_before` nothing differs of what listeners are made of, but for what they looked up.
    """

    view: View
    terms: Terms
    finish: Finish
    parts: Mapping[str, Part]
    strange: Strangers
    clusters: tuple[Cluster, ...]
    cuts: Mapping[str, Cut]
    shared: Shared
    tables: tuple[Table, ...]
    silent: bool = False
    touched: frozenset[str] = frozenset()
    _before: Mapping[Hearer, Places] = field(default_factory=dict)
    _places: dict[Hearer, Places] = field(default_factory=dict)

    def listeners(self, own: frozenset[str], *, redirected: bool) -> tuple[Listener, ...]:
        """Of those whose own addresses these are; not patched yet."""
        hearer = own, redirected
        if hearer not in self._places:
            old = self._before.get(hearer)
            if old is None or not (self.silent and old.reads.isdisjoint(self.touched)):
                heard = Heard(self.view, self.parts, self.strange, self.finish)
                old = places.after(
                    old or Places(), heard, own, self.touched, redirected=redirected
                )
            self._places[hearer] = old
        return self._places[hearer].listeners


def anew(asker: Asker, memo: Memo) -> Outward:
    view, terms = asker.view, _terms(asker)
    strange = strangers.of(view)
    hosts = {*(one.host for one in view.services), *_numbers(strange)}
    made = _made(asker, memo, hosts, strange)
    parts = _placed(view, made)
    last = finish.of(terms.wanted, gateway=asker.gateway)
    numbers = {number for one in made.values() for number in one.hosts}
    shared = tables.arranged(view, memo, parts, strange, numbers)
    return Outward(
        view, terms, last, parts, strange, _clusters(last, parts), _cuts(parts), shared,
        last.tables(tuple(tables.ordered(shared, parts))),
    )  # fmt: skip


def after(old: Outward, asker: Asker, change: Change, memo: Memo) -> Outward:
    """What follows from a change of the mesh; `old` itself if this class sees nothing of it."""
    if _terms(asker) != old.terms:
        return anew(asker, memo)
    view, touched = asker.view, _touched(old, asker.view, change)
    if not touched:
        return old
    strange = old.strange
    if any(_is_strange(view, host) or _is_strange(old.view, host) for host in touched):
        strange = strangers.of(view)
    made = _made(asker, memo, touched, strange)
    stay = strange == old.strange and all(
        one in made and old.view.shown(one) == view.shown(one) for one in touched
    )
    kept = {host: one for host, one in old.parts.items() if stay or host not in touched}
    parts = {**kept, **made} if stay else _placed(view, {**kept, **made})
    last = old.finish
    if last.patcher.patches:  # they are applied once more, and remember what they met
        last = finish.of(old.terms.wanted, gateway=asker.gateway)
    before, now = [old.parts.get(one) for one in touched], [made.get(one) for one in touched]
    shared = tables.exchanged(old.shared, before, now) if stay else None
    if shared is None:
        numbers = _numbered(before, now)
        if strange != old.strange:
            numbers |= {*strange, *old.strange}
        shared = {number: table for number, table in old.shared.items() if number not in numbers}
        shared |= tables.arranged(view, memo, parts, strange, numbers)
    return Outward(
        view, old.terms, last, parts, strange,
        old.clusters if last is old.finish and _same(before, now, _upstream)
        else _clusters(last, parts),
        old.cuts if _same(before, now, lambda one: one.cuts) else _cuts(parts),
        shared, last.tables(tuple(tables.ordered(shared, parts))),
        silent=strange == old.strange and _same(before, now, _heard), touched=touched,
        _before=old._places,
    )  # fmt: skip


def _terms(asker: Asker) -> Terms:
    view = asker.view
    wanted = finish.wanted(view, asker.said)
    credentials = view.mesh.credentials if asker.trusted else None
    return Terms(view.mesh.options, view.sidecar, wanted, credentials)


def _touched(old: Outward, view: View, change: Change) -> frozenset[str]:
    """The hosts that this class sees or saw, of which something differs that was looked up."""
    differ = change.among(old.parts) | (old.view.imported ^ view.imported)
    if not differ:
        return frozenset()
    differ |= {
        host for host, one in old.parts.items()
        if one.reads and not one.reads.isdisjoint(differ)
    }  # fmt: skip
    return frozenset(
        host for host in differ
        if host in old.parts or view.service(host) or _is_strange(view, host)
    )


def _is_strange(view: View, host: str) -> bool:
    return view.routed(host) and not strangers.known(view, host)


def _numbers(strange: Strangers) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, hosts in strange.items():
        for host in hosts:
            found.setdefault(host, []).append(number)
    return found


def _made(
    asker: Asker, memo: Memo, hosts: Iterable[str], strange: Strangers
) -> dict[str, Part]:
    """The parts of those hosts that are seen."""
    view, numbers = asker.view, _numbers(strange)
    return {
        host: part.make(view, memo, host, numbers.get(host, ()), trusted=asker.trusted)
        for host in hosts if host in numbers or view.service(host)
    }  # fmt: skip


def _placed(view: View, parts: Mapping[str, Part]) -> dict[str, Part]:
    position = view.mesh.index.position
    last = len(position)

    def place(host: str) -> int:
        shown = view.shown(host)
        return position[shown[0].key] if shown else last

    return {host: parts[host] for host in sorted(parts, key=place)}


def _clusters(last: Finish, parts: Mapping[str, Part]) -> tuple[Cluster, ...]:
    found = [one for made in parts.values() for one in made.clusters]
    return last.clusters(tuple(found), last=False)


def _cuts(parts: Mapping[str, Part]) -> Mapping[str, Cut]:
    return dict([one for made in parts.values() for one in made.cuts])


def _numbered(*found: list[Part | None]) -> set[int]:
    """The numbers of the tables in which any of these stands."""
    return {number for parts in found for one in parts if one for number in one.hosts}


def _same(
    before: list[Part | None], now: list[Part | None], of: Callable[[Part], object]
) -> bool:
    """Whether the parts say the same of this."""
    return all(
        one and other and of(one) == of(other) for one, other in zip(before, now, strict=True)
    )


def _upstream(one: Part) -> object:
    return [*map(id, one.clusters)]


def _heard(one: Part) -> object:
    """What listeners are made of; of what is no request all of the part counts."""
    return one.served if one.by_request else one
