"""What differs between a mesh and the one that follows it. Found once, for all classes of clients.

`settled` first: what is equal becomes the same value, so that from then on a difference is one of
identity. Never: who is concerned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from telltale.model.index import forms
from telltale.model.mesh import Mesh
from telltale.model.service import Service

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Change:
    """Hosts of which a service, its endpoints (where they are not assigned), a policy or a route
    differs. `wild`: those of them that stand for many."""

    hosts: frozenset[str] = frozenset()
    wild: frozenset[str] = frozenset()

    def among(self, known: Iterable[str]) -> set[str]:
        """The hosts that differ, and those of `known` that a wildcard among them covers."""
        found = {*self.hosts}
        if self.wild:
            found |= {host for host in known if not self.wild.isdisjoint(forms(host))}
        return found


def between(old: Mesh, new: Mesh) -> Change:
    """What a class's own terms are (its sidecar, its patches, the mesh's options) is not in it."""
    hosts = {name for one in _services(old, new) for name in (one.host, one.alias_of) if name}
    # Another name for a service is routed on the service's ports.
    hosts |= {
        one.host for mesh in (old, new) for host in hosts
        for one in mesh.index.aliases_of.get(host, ())
    }  # fmt: skip
    for routing in _unlike(old.routings, new.routings):
        hosts.update(routing.hosts)
    hosts.update(policy.host for policy in _unlike(old.policies, new.policies))
    return Change(frozenset(hosts), frozenset(one for one in hosts if one.startswith("*")))


def _services(old: Mesh, new: Mesh) -> list[Service]:
    """Those that differ, as they were and as they are."""
    found = [*_unlike(tuple(old.services.values()), tuple(new.services.values()))]
    same_ends = old.endpoints is new.endpoints
    same_place = old.workloads is new.workloads and old.nodes is new.nodes
    if same_ends and same_place:
        return found
    for key, one in new.services.items():
        if not one.discovery.assigned and not (
            same_place and old.endpoints.get(key) is new.endpoints.get(key)
        ):
            found.append(one)
    return found


def _unlike(old: tuple[V, ...], new: tuple[V, ...]) -> list[V]:
    if old is new:
        return []
    before, after = {id(one) for one in old}, {id(one) for one in new}
    gone = [one for one in old if id(one) not in after]
    return gone + [one for one in new if id(one) not in before]


def settled(old: Mesh, new: Mesh) -> Mesh:
    """The new mesh with every value of the old one that is equal to its own."""
    found: dict[str, Any] = {}
    for one in fields(Mesh):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if before is not after:
            found[one.name] = _settled(one.name, before, after)
    return replace(new, **found)


def _settled(name: str, old: Any, new: Any) -> Any:
    if old == new:
        # Dictionaries of the same content are equal in any order, and the order counts.
        return old if not isinstance(new, Mapping) or [*old] == [*new] else new
    if name in ("services", "endpoints"):
        return {key: _kept(old.get(key), one) for key, one in new.items()}
    if name in ("routings", "policies"):
        before = {(one.origin, _about(one)): one for one in old}
        return tuple(_kept(before.get((one.origin, _about(one))), one) for one in new)
    return new


def _about(one: Any) -> object:
    """What tells apart the several that come from one object."""
    return getattr(one, "hosts", None) or one.host


def _kept(old: V | None, new: V) -> V:
    return new if old is None or old != new else old
