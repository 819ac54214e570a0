"""What a pilot has after many edits is what it would have if it had just begun.

Objects of all stories in one mesh; random edits of every kind, each of them both ways: by a push
that has lived through all of them, which makes anew only what it thinks concerned, and by one that
begins. Every connected proxy must have the same bytes, and users be told the same.
"""

import asyncio
import copy
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.codec import Object
from telltale.lib.clock import FakeClock
from telltale.model.options import Options
from telltale.model.workload import Proxy, Role, Workload
from telltale.pilot import lasting
from telltale.pilot.intake.read import Objects
from telltale.pilot.metrics import Metrics
from telltale.pilot.push import Push
from telltale.pilot.watch import Current
from telltale.pilot.xds.order import SHORT
from tests.stories.told import objects_from

STORIES = Path(__file__).parents[1] / "stories"
ROUNDS, EDITS = 6, 4  # of each round
PROXIES = 8


def everything(stories: str = "*") -> list[Object]:
    """The objects of all stories, in one mesh."""
    found = []
    for path in sorted(STORIES.glob(f"{stories}/objects.yaml")):
        found += codec.parse_yaml(path.read_text())
    return list({_key(one): one for one in found}.values())


def _key(one: Object) -> object:
    meta = one["metadata"]
    return one["apiVersion"].partition("/")[0], one["kind"], meta.get("namespace"), meta["name"]


class World:
    """Objects as an API server has them, and a pilot that hears of each edit."""

    def __init__(self, objects: list[Object], options: Options) -> None:
        self.clock = FakeClock()
        self.options = options
        self.current = Current(self.clock)
        self.all = objects
        self.here: dict[int, Object] = {}
        for number in range(len(objects)):
            self.put(number, objects[number])
        self.push = Push(self.current, options, self.clock, Metrics("test"))
        self.push.read()

    def put(self, number: int, object: Object) -> None:
        change = Change.MODIFIED if number in self.here else Change.ADDED
        self._tell(change, objects_from([object]))
        self.here[number] = object

    def drop(self, number: int) -> None:
        self._tell(Change.DELETED, objects_from([self.here.pop(number)]))

    def _tell(self, change: Change, one: Objects) -> None:
        for hear, found in (
            (self.current.apply_service, one.services), (self.current.apply_slice, one.slices),
            (self.current.apply_pod, one.pods), (self.current.apply_secret, one.secrets),
            (self.current.apply_text, one.texts), (self.current.apply_node, one.nodes),
        ):  # fmt: skip
            for each in found:
                hear(change, each)
        for kind, configs in one.configs.items():
            for each in configs:
                self.current.apply_config(kind, change, each)

    def edit(self, chance: random.Random) -> str:
        """Something is deleted, comes back, loses a part, or gets what another one says."""
        number = chance.randrange(len(self.all))
        named = f"{self.all[number]['kind']} {self.all[number]['metadata']['name']}"
        if number not in self.here:
            self.put(number, self.all[number])
            return f"{named} comes back"
        if chance.random() < 0.3:
            self.drop(number)
            return f"{named} goes"
        for how, other in _others(self.here[number], self.all, chance):
            try:
                self.put(number, other)
            except msgspec.ValidationError:
                continue  # the API server would not have it either
            return f"{named} {how}"
        return f"{named} stays"

    def settle(self) -> None:
        """What changed is taken up, what lasts a little longer is over, and assignments that
        nobody asks for any more, which stand until the publication after, are gone."""
        self.push.move(0.0)
        for _ in range(3):
            self.push.read()
            asyncio.run(self.push.publish(0.0))
            self.clock.advance(lasting.GRACE_S + 1)

    def begun(self) -> Push:
        """A pilot that begins now, with the same proxies."""
        other = Push(self.current, self.options, self.clock, Metrics("test"))
        other.read()
        for connection, member in self.push.members.items():
            other.attach(connection, member.proxy)
        asyncio.run(other.publish(0.0))
        return other


def _others(
    one: Object, every: list[Object], chance: random.Random
) -> Iterator[tuple[str, Object]]:
    alike = [other for other in every if other["kind"] == one["kind"]]
    for _ in range(5):
        found = copy.deepcopy(one)
        if chance.random() < 0.2:
            meta = found["metadata"]
            labels = {"app": chance.choice(("reviews", "ratings", "a", "b")), "version": "v2"}
            found["metadata"] = {**meta, "labels": {**meta.get("labels", {}), **labels}}
            yield "is labelled", found
        elif chance.random() < 0.4 and "spec" in found:
            found["spec"] = chance.choice(alike).get("spec", {})
            yield "says what another says", found
        else:
            part = found.get("spec", found)
            yield f"loses {_lose(part, chance)}", found


def _lose(part: object, chance: random.Random) -> str:
    """One field or member is taken away, somewhere."""
    keys = [*part] if isinstance(part, dict) else [*range(len(part))]  # type: ignore[arg-type]
    keys = [key for key in keys if key not in ("kind", "apiVersion", "metadata", "name")]
    if not keys:
        return "nothing"
    key = chance.choice(keys)
    inner = part[key]  # type: ignore[index]
    if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
        return f"{key}.{_lose(inner, chance)}"
    del part[key]  # type: ignore[attr-defined]
    return str(key)


def attach(world: World, chance: random.Random) -> None:
    known = [one for one in world.push.mesh.workloads.values() if one.addresses]
    edges = [one for one in known if world.push.mesh.gateways_of(one)]
    for number, one in enumerate(chance.sample(known, min(PROXIES, len(known)))):
        world.push.attach(f"{number}", Proxy(f"sidecar~{one.key}", one))
    for one in chance.sample(edges, min(2, len(edges))):
        proxy = Proxy(f"router~{one.key}", one, role=Role.ROUTER, peer=one.addresses[0])
        world.push.attach(f"edge {one.key}", proxy)
    world.push.attach("far", Proxy("sidecar~far", Workload("far-0", "elsewhere")))


def told(push: Push) -> dict[str, dict[str, str]]:
    """By proxy and type, the versions of all that it has."""
    return {
        f"{connection} {SHORT[type]}": {
            name: one.version for name, one in found.resources.items()
        }
        for connection, member in push.members.items()
        for type, found in push.snapshots[member.key].sets.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return everything()


@pytest.mark.parametrize("seed", range(3))
def test_whoever_lived_through_edits_has_what_a_beginner_has(
    seed: int, objects: list[Object]
) -> None:
    chance = random.Random(seed)
    world = World(objects, Options())
    attach(world, chance)
    said = ["nothing"]
    for _ in range(ROUNDS):
        world.settle()
        other = world.begun()
        lived, begun = told(world.push), told(other)
        differing = {
            where: sorted({*lived[where].items()} ^ {*begun[where].items()})
            for where in begun if lived[where] != begun[where]
        }  # fmt: skip
        assert not differing, f"after {said}"
        assert {*map(str, world.push.problems)} == {*map(str, other.problems)}, f"after {said}"
        assert {key.namespace for key in world.push.snapshots} == {
            key.namespace for key in other.snapshots
        }
        said += [world.edit(chance) for _ in range(EDITS)]


def test_nobody_is_offered_anything_when_nothing_that_he_sees_differs(
    objects: list[Object],
) -> None:
    world = World(objects, Options())
    attach(world, random.Random(0))
    world.settle()
    before = dict(world.push.snapshots)
    offers = {one: member.offer.version for one, member in world.push.members.items()}
    world.settle()
    assert world.push.snapshots.keys() == before.keys()
    assert all(one is before[key] for key, one in world.push.snapshots.items())
    assert offers == {one: member.offer.version for one, member in world.push.members.items()}


def test_what_an_edit_leaves_as_it_was_is_the_same_resource() -> None:
    """Of a route that is edited its own table is made anew; the rest is not even encoded again."""
    objects = everything("bookinfo")
    objects.append(route(50))
    world = World(objects, Options())
    attach(world, random.Random(0))
    world.settle()
    before = told_by_identity(world.push)
    world.put(len(objects) - 1, route(60))
    world.settle()
    after = told_by_identity(world.push)
    fresh = {where for where in after if after[where] is not before.get(where)}
    assert {where[1:] for where in fresh} == {("rds", "9080")}


def route(weight: int) -> Object:
    to = [{"destination": {"host": host}, "weight": share}
          for host, share in (("reviews", weight), ("ratings", 100 - weight))]  # fmt: skip
    return {
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": "reviews", "namespace": "default"},
        "spec": {"hosts": ["reviews"], "http": [{"route": to}]},
    }  # fmt: skip


def told_by_identity(push: Push) -> dict[tuple[str, str, str], object]:
    return {
        (connection, SHORT[type], name): one
        for connection, member in push.members.items()
        for type, found in push.snapshots[member.key].sets.items()
        for name, one in found.resources.items()
    }
