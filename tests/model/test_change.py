"""What differs between two meshes, by identity; and that equal values become the same."""

from dataclasses import replace

from telltale.model.change import between, settled
from telltale.model.mesh import Mesh
from telltale.model.policy import Policy
from telltale.model.route import Routing
from telltale.model.scope import Origin, Scope
from telltale.model.service import Discovery, Endpoint, Port, Protocol, Service

HTTP = (Port(80, Protocol.HTTP),)
A, B = Service("a", "shop", "a.shop", HTTP), Service("b", "shop", "b.shop", HTTP)
BARE = Service("c", "shop", "c.shop", HTTP, discovery=Discovery.HEADLESS)
ALIAS = Service("d", "shop", "d.shop", discovery=Discovery.ALIAS, alias_of="a.shop")
ENDS = {"a.shop": {80: (Endpoint("1.1.1.1", 80),)}, "c.shop": {80: (Endpoint("1.1.1.2", 80),)}}
MESH = Mesh({one.key: one for one in (A, B, BARE, ALIAS)}, ENDS)
ROUTE = Routing(Origin("", "r", "shop"), Scope(), hosts=("b.shop", "*.x"))


def test_what_is_equal_is_the_same_afterwards() -> None:
    again = Mesh({one.key: replace(one) for one in (A, B, BARE, ALIAS)}, dict(ENDS))
    found = settled(MESH, again)
    assert found.services is MESH.services and found.endpoints is MESH.endpoints
    assert not between(MESH, found).hosts


def test_the_order_of_services_counts() -> None:
    turned = Mesh(dict(reversed(MESH.services.items())), ENDS)
    assert [*settled(MESH, turned).services] == [*turned.services]


def test_a_service_that_differs_and_all_its_other_names() -> None:
    other = settled(MESH, replace(MESH, services={**MESH.services, "a.shop": replace(A, ports=())}))
    assert other.services["b.shop"] is B
    assert between(MESH, other).hosts == {"a.shop", "d.shop"}


def test_endpoints_count_where_they_are_not_assigned() -> None:
    moved = MESH.with_endpoints("a.shop", {}).with_endpoints("c.shop", {})
    assert between(MESH, moved).hosts == {"c.shop"}
    assert between(MESH, MESH.with_workload("x.shop", None)).hosts >= {"c.shop"}


def test_routes_and_policies_by_the_hosts_that_they_name() -> None:
    policy = Policy(Origin("", "p", "shop"), Scope(), "a.shop")
    other = replace(MESH, routings=(ROUTE,), policies=(policy,))
    change = between(MESH, other)
    assert change.hosts == {"a.shop", "b.shop", "*.x"}
    assert change.among(["y.x", "z.shop"]) == {"a.shop", "b.shop", "*.x", "y.x"}
    assert not between(other, settled(other, replace(other, routings=(replace(ROUTE),)))).hosts
