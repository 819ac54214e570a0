"""Each assignment is made once for all who ask, and again only when its service changes."""

from telltale.model.mesh import Mesh
from telltale.model.place import Place
from telltale.model.service import Endpoint, Port, Protocol, Service
from telltale.model.spread import Cut, Spread
from telltale.pilot.assigned import Assigned

A = Service("a", "shop", "a", (Port(80, Protocol.HTTP),))
B = Service("b", "shop", "b", (Port(80, Protocol.HTTP),))
ONE, TWO = Endpoint("1.1.1.1", 80, zone="x"), Endpoint("1.1.1.2", 80, zone="y")
MESH = Mesh({"a": A, "b": B}, {"a": {80: (ONE, TWO)}, "b": {80: (ONE,)}})
NEAR = Cut("a", 80, spread=Spread(Place("", "x"), near=True))
CUTS = {"a": Cut("a", 80), "a@x": NEAR, "b": Cut("b", 80)}


def asked() -> Assigned:
    found = Assigned()
    found.read(MESH)
    found.need(CUTS)
    return found


def test_what_was_asked_for_before_is_not_made_again():
    assigned = asked()
    before = assigned.set
    assigned.need({"a": Cut("a", 80)})
    assert assigned.set is before
    assert before.resources.keys() == {"a", "a@x", "b"}


def test_a_change_makes_all_of_its_service_and_no_other():
    assigned = asked()
    before = assigned.set
    moved = MESH.with_endpoints("a", {80: (ONE,)})
    assert assigned.moved(moved, ["a"])
    assert assigned.set.since(before).changed == {"a", "a@x"}
    assert not assigned.moved(moved, ["a"])


def test_what_nobody_asks_for_any_more_goes_and_may_come_back():
    assigned = asked()
    assigned.keep([{"a": Cut("a", 80)}])
    assert assigned.set.resources.keys() == {"a"}
    assert not assigned.moved(MESH.with_endpoints("b", {}), ["b"])
    assigned.moved(MESH, ["b"])
    assigned.need(CUTS)
    assert assigned.set.version == asked().set.version


def test_a_new_reading_keeps_what_classes_still_have():
    assigned = asked()
    assigned.read(Mesh({"a": A}, {"a": {80: (TWO,)}}))
    assert assigned.set.resources.keys() == {"a", "a@x"}
    fresh = Assigned()
    fresh.read(Mesh({"a": A}, {"a": {80: (TWO,)}}))
    fresh.need({"a": CUTS["a"], "a@x": NEAR})
    assert assigned.set.version == fresh.set.version


def test_a_name_that_comes_to_mean_another_cut_is_made_again():
    """A subset's labels changed: its assignment has the same name and other endpoints."""
    assigned = asked()
    before = assigned.set
    assigned.need({"a": Cut("a", 80, labels=(("version", "v2"),))})
    assert assigned.set.since(before).changed == {"a"}
