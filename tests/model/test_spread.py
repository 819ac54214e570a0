"""How endpoints are spread: ranks by place and labels, percents, parts."""

import pytest

from telltale.model.mesh import Mesh
from telltale.model.place import NOWHERE, Place, parsed
from telltale.model.service import Endpoint, Port, Protocol, Service
from telltale.model.spread import NODE, Cut, Spread, groups
from telltale.model.workload import Workload

HOST = "cart.shop.svc.x"
CART = Service("cart", "shop", HOST, (Port(80, Protocol.HTTP),))
EU_A, EU_B, US = Place("eu", "a"), Place("eu", "b"), Place("us", "c")
NODES = {"n1": EU_A, "n2": EU_B, "n3": US}


def endpoint(number: int, node: str, weight: int = 1) -> Endpoint:
    return Endpoint(f"1.1.1.{number}", 80, f"cart-{number}.shop", node, weight=weight)


def mesh(*endpoints: Endpoint, **labels: dict[str, str]) -> Mesh:
    workloads = {
        one.workload: Workload(one.workload, "shop", labels.get(f"l{one.address[-1]}", {}))
        for one in endpoints
    }  # fmt: skip
    return Mesh({HOST: CART}, {HOST: {80: endpoints}}, workloads, nodes=NODES)


ALL = endpoint(1, "n1"), endpoint(2, "n2"), endpoint(3, "n3")


def told(of: Mesh, spread: Spread | None = None, **more) -> list[tuple[int, str, str]]:
    """Rank, place and the last digits of the addresses of each group."""
    found = groups(of, Cut(HOST, 80, spread=spread, **more))
    return [
        (one.rank, str(one.place), "".join(each.address[-1] for each in one.endpoints))
        for one in found
    ]  # fmt: skip


def test_without_a_wish_every_place_ranks_the_same():
    assert told(mesh(*ALL)) == [(0, "eu/a", "1"), (0, "eu/b", "2"), (0, "us/c", "3")]


def test_the_nearer_ranks_first():
    near = Spread(EU_A, near=True)
    assert told(mesh(*ALL), near) == [(0, "eu/a", "1"), (1, "eu/b", "2"), (2, "us/c", "3")]
    assert told(mesh(*ALL[1:]), near) == [(0, "eu/b", "2"), (1, "us/c", "3")]  # without a gap


def test_a_region_may_take_over_from_another():
    nodes = {**NODES, "n4": Place("asia", "d")}
    four = mesh(*ALL, endpoint(4, "n4"))
    world = Mesh(four.services, four.endpoints, four.workloads, nodes=nodes)
    spread = Spread(EU_A, near=True, failover=(("eu", "asia"),))
    assert [one[1] for one in told(world, spread)] == ["eu/a", "eu/b", "asia/d", "us/c"]
    assert [one[0] for one in told(world, spread)] == [0, 1, 2, 3]


def test_labels_rank_by_the_first_that_differs():
    world = mesh(*ALL, l1={"rack": "8", "row": "1"}, l2={"rack": "7", "row": "2"},
                 l3={"rack": "7", "row": "1"})  # fmt: skip
    spread = Spread(wanted=(("rack", "7"), ("row", "1")))
    assert told(world, spread) == [(0, "us/c", "3"), (1, "eu/b", "2"), (2, "eu/a", "1")]
    assert told(world, Spread(wanted=((NODE, "n2"),)))[0] == (0, "eu/b", "2")
    region = (("topology.kubernetes.io/region", "us"),)
    assert told(world, Spread(wanted=region))[0] == (0, "us/c", "3")


def test_labels_go_before_places():
    world = mesh(*ALL, l3={"rack": "7"})
    spread = Spread(EU_A, near=True, wanted=(("rack", "7"),))
    assert [one[2] for one in told(world, spread)] == ["3", "1", "2"]


def test_percents_are_shared_by_size_and_the_rest_gets_nothing():
    world = mesh(endpoint(1, "n1", 3), endpoint(2, "n2"), endpoint(3, "n3"))
    found = groups(world, Cut(HOST, 80, spread=Spread(to=(("eu/*", 80),))))
    assert [(str(one.place), one.weight) for one in found] == [("eu/a", 6000), ("eu/b", 2000)]


def test_a_part_by_labels_or_by_node():
    world = mesh(*ALL, l2={"version": "v2"})
    assert told(world, labels=(("version", "v2"),)) == [(0, "eu/b", "2")]
    assert told(world, node="n3") == [(0, "us/c", "3")]
    assert told(world, node="") == []


def test_a_workloads_own_word_goes_before_its_nodes():
    world = mesh(*ALL, l1={"istio-locality": "us.c.s"})
    assert told(world)[-1] == (0, "us/c/s", "1")
    assert world.place(Workload("a", "shop", {"istio-locality": "us.c"}, node="n1")) == US
    assert world.place(Workload("a", "shop", node="n1")) == EU_A
    assert world.place(Workload("a", "shop")) == NOWHERE


def test_what_is_not_there_has_no_groups():
    assert groups(mesh(*ALL), Cut("other", 80)) == ()
    assert groups(mesh(*ALL), Cut(HOST, 81)) == ()


@pytest.mark.parametrize("pattern, within", [
    ("eu", True), ("eu/*", True), ("eu/a", True), ("*", True), ("eu/a/*", True), ("eu/b", False),
    ("us", False),
])  # fmt: skip
def test_places_within_patterns(pattern, within):
    assert EU_A.within(pattern) is within


@pytest.mark.parametrize("text, place", [
    ("eu.a.1", Place("eu", "a", "1")), ("eu/a", EU_A), ("eu", Place("eu")), ("", NOWHERE),
])  # fmt: skip
def test_places_read(text, place):
    assert parsed(text) == place
