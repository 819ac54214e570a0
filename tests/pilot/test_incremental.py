"""What a memo finds again is what would have been made: random edits, planned both ways.

After each edit the mesh is read and planned with what is remembered of all edits before, and once
more from nothing. Every class of proxies must get the same bytes either way.
"""

import random
from dataclasses import fields
from pathlib import Path

import pytest
from google.protobuf.message import Message

from telltale.kube import codec
from telltale.kube.codec import Object
from telltale.lib.memo import Memo
from telltale.model.mesh import Mesh
from telltale.model.options import DEFAULT
from telltale.model.workload import Proxy, Role, Workload
from telltale.pilot.assigned import Assigned
from telltale.pilot.intake.read import Objects, reading
from telltale.pilot.plan import Plans
from tests.stories.told import objects_from

STORIES = Path(__file__).parents[1] / "stories"
EDITS = 8
PROXIES = 8  # of each mesh, chosen anew each time: all classes have their turn


def everything(stories: str = "*") -> list[Object]:
    """The objects of all stories, in one mesh."""
    found = []
    for path in sorted(STORIES.glob(f"{stories}/objects.yaml")):
        found += codec.parse_yaml(path.read_text())
    return list({_key(one): one for one in found}.values())


def _key(one: Object) -> object:
    meta = one["metadata"]
    return one["apiVersion"].partition("/")[0], one["kind"], meta.get("namespace"), meta["name"]


class Current:
    """The objects as a watch has them: one that is as it was is the same value."""

    def __init__(self, every: list[Object]) -> None:
        self.every = {_key(one): one for one in every}
        self.here = dict(self.every)
        self._typed: dict[int, tuple[Object, Objects]] = {}

    def edit(self, chance: random.Random) -> None:
        key = chance.choice(sorted(self.every, key=str))
        if key in self.here and chance.random() < 0.7:
            del self.here[key]
        else:
            self.here[key] = dict(self.every[key])

    def objects(self) -> Objects:
        parts = []
        for one in self.here.values():
            if id(one) not in self._typed:
                self._typed[id(one)] = one, objects_from([one])
            parts.append(self._typed[id(one)][1])
        return joined(parts)


def joined(parts: list[Objects]) -> Objects:
    configs: dict = {}
    for part in parts:
        for kind, some in part.configs.items():
            configs[kind] = (*configs.get(kind, ()), *some)
    names = [one.name for one in fields(Objects) if one.name != "configs"]
    rest = {name: tuple(x for part in parts for x in getattr(part, name)) for name in names}
    return Objects(**rest, configs=configs)


def proxies(mesh: Mesh) -> list[Proxy]:
    known = [Proxy(f"sidecar~{one.key}", one) for one in mesh.workloads.values()]
    edges = [Proxy(f"router~{one.key}", one, role=Role.ROUTER, peer=one.addresses[0])
             for one in mesh.workloads.values() if one.addresses]  # fmt: skip
    return [*known, *edges[:4], Proxy("sidecar~far", Workload("far-0", "elsewhere"))]


def planned(mesh: Mesh, memo: Memo, asking: list[Proxy]) -> dict[object, object]:
    """By class, all that its proxies get."""
    plans, assigned = Plans(mesh, memo), Assigned()
    found = {}
    for proxy in asking:
        key = plans.key(proxy)
        if key not in found:
            bundle, cuts = plans.of(key), plans.cuts(key)
            assigned.need(mesh, cuts)
            assigned.read(mesh, memo)
            told = [assigned.set.resources[name].version for name in sorted(cuts)]
            found[key] = [_bytes(bundle.clusters), _bytes(bundle.listeners),
                          _bytes(bundle.routes), told]  # fmt: skip
    return found


def _bytes(messages: tuple[Message, ...]) -> list[bytes]:
    return [one.SerializeToString(deterministic=True) for one in messages]


@pytest.mark.parametrize("seed", range(3))
def test_remembered_and_anew_are_the_same(seed: int) -> None:
    chance, memo = random.Random(seed), Memo()
    current = Current(everything())
    for number in range(EDITS):
        memo.sweep()
        objects = current.objects()
        mesh = reading(objects, DEFAULT, memo).mesh
        asking = chance.sample(proxies(mesh), PROXIES)
        remembered = planned(mesh, memo, asking)
        anew = planned(reading(objects, DEFAULT, Memo()).mesh, Memo(), asking)
        assert remembered.keys() == anew.keys()
        differing = [key for key in anew if remembered[key] != anew[key]]
        assert not differing, f"after {number} edits"
        current.edit(chance)


def test_what_is_as_it_was_is_the_same_message() -> None:
    memo, current = Memo(), Current(everything("bookinfo"))
    first = Plans(reading(current.objects(), DEFAULT, memo).mesh, memo)
    memo.sweep()
    again = Plans(reading(current.objects(), DEFAULT, memo).mesh, memo)
    proxy = proxies(first.mesh)[0]
    one, two = first.of(first.key(proxy)), again.of(again.key(proxy))
    outbound = [pair for pair in zip(one.clusters, two.clusters, strict=True)
                if pair[0].name.startswith("outbound|")]  # fmt: skip
    assert outbound and all(a is b for a, b in outbound)
    assert one.routes and all(a is b for a, b in zip(one.routes, two.routes, strict=True))
