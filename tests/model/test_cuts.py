"""Who gets which cut, and when a place matters at all."""

from dataclasses import replace

import pytest

from telltale.model.cuts import Asked, asked, cut
from telltale.model.mesh import Mesh
from telltale.model.options import Options
from telltale.model.place import REGION, ZONE, Place
from telltale.model.policy import Balancing, Ejection, Locality, Policy, Subset, Traffic
from telltale.model.scope import Origin, Scope
from telltale.model.service import Nearness, Port, Protocol, Service
from telltale.model.spread import NODE, Spread
from telltale.model.view import View
from telltale.model.workload import Workload

HOST = "cart.shop.svc.x"
PORT = Port(80, Protocol.HTTP)
CART = Service("cart", "shop", HOST, (PORT,))
EU = Place("eu", "a")
OUT = Ejection()


def spread(
    traffic: Traffic, service: Service = CART, place: Place = EU, options: Options | None = None
) -> Spread | None:
    policy = Policy(Origin("", "cart", "shop"), Scope(), HOST, traffic)
    mesh = Mesh({HOST: service}, policies=(policy,), options=options or Options())
    view = View(mesh, "shop", (("rack", "7"),), place=place, node="n1")
    return cut(view, service, PORT).spread


def by(ejection: Ejection | None = OUT, **locality) -> Traffic:
    return Traffic(Balancing(locality=Locality(**locality)), ejection=ejection)


TO = (("eu", 100),)
NEAR = Spread(EU, near=True)


@pytest.mark.parametrize("traffic, found", [
    (Traffic(), None),
    (Traffic(ejection=OUT), NEAR),
    (by(), NEAR),
    (by(None), None),  # nobody is ever found unhealthy
    (by(enabled=False), None),
    (by(failover=(("eu", "us"), ("us", "eu"))), replace(NEAR, failover=(("eu", "us"),))),
    (by(priority=("rack", "row=1")), Spread(wanted=(("rack", "7"), ("row", "1")))),
    (by(None, priority=("rack",)), None),
    (by(priority=("rack",), failover=(("eu", "us"),)),
     Spread(EU, near=True, failover=(("eu", "us"),), wanted=(("rack", "7"),))),
    (by(None, distribute=(("us/*", (("us", 100),)), ("eu/*", TO))), Spread(to=TO)),
    (by(distribute=(("us/*", (("us", 100),)),)), None),
])  # fmt: skip
def test_what_a_policy_makes_of_places(traffic, found):
    assert spread(traffic) == found


def test_who_is_nowhere_has_nobody_near():
    assert spread(Traffic(ejection=OUT), place=Place()) is None


def test_a_service_may_want_to_be_used_nearby_whatever_is_unhealthy():
    zone = Spread(wanted=((REGION, "eu"), (ZONE, "a")))
    assert spread(Traffic(), replace(CART, nearness=Nearness.ZONE)) == zone
    found = spread(Traffic(), replace(CART, nearness=Nearness.NODE))
    assert found and found.wanted[-1] == (NODE, "n1")
    assert spread(by(enabled=False), replace(CART, nearness=Nearness.ZONE)) is None


def test_the_mesh_may_say_it_for_all():
    everybody = Options(locality=Locality(enabled=False))
    assert spread(Traffic(ejection=OUT), options=everybody) is None
    assert spread(by(), options=everybody) == NEAR
    distributed = Options(locality=Locality(distribute=(("eu", TO),)))
    assert spread(Traffic(), options=distributed) == Spread(to=TO)


def test_a_node_is_a_cut_of_its_own():
    local = replace(CART, own_node_only=True)
    view = View(Mesh({HOST: local}), "shop", node="n1")
    assert cut(view, local, PORT).node == "n1"
    assert cut(view, CART, PORT, Subset("v1", (("a", "b"),))).labels == (("a", "b"),)


@pytest.mark.parametrize("traffic, service, found", [
    (Traffic(), CART, Asked()),
    (Traffic(Balancing()), CART, Asked()),
    (Traffic(ejection=OUT), CART, Asked(place=True)),
    (by(None, priority=("rack",)), CART, Asked(place=True)),
    (by(None, priority=(NODE,)), CART, Asked(place=True, node=True)),
    (Traffic(), replace(CART, nearness=Nearness.ZONE), Asked(place=True)),
    (Traffic(), replace(CART, nearness=Nearness.NODE), Asked(place=True, node=True)),
    (Traffic(), replace(CART, own_node_only=True), Asked(node=True)),
])  # fmt: skip
def test_places_are_asked_for_only_where_they_matter(traffic, service, found):
    subset = Subset("v1", traffic=traffic)
    policy = Policy(Origin("", "cart", "shop"), Scope(), HOST, subsets=(subset,))
    assert asked(Mesh({HOST: service}, policies=(policy,))) == found


def test_labels_that_make_near_tell_clients_apart():
    policy = Policy(Origin("", "cart", "shop"), Scope(), HOST, by(priority=("rack", "row=1")))
    mesh = Mesh(policies=(policy,))
    labels = {"rack": "7", "row": "2", "app": "web"}
    assert [key for key, _ in mesh.told_apart(Workload("a", "b", labels))] == ["rack", "row"]
