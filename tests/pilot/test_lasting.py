"""A subset that goes before its route does."""

from dataclasses import replace

from telltale.model.mesh import Mesh
from telltale.model.policy import Policy, Subset
from telltale.model.route import Destination, HttpRoute, Routing, Share
from telltale.model.scope import Origin, Scope
from telltale.model.service import Service
from telltale.pilot.lasting import GRACE_S, Lost, carry

HOST = "reviews.shop.svc.cluster.local"
POLICY = Policy(Origin("", "reviews", "shop"), Scope(), HOST, subsets=(Subset("v1"), Subset("v2")))
FIRST_ONLY = replace(POLICY, subsets=POLICY.subsets[:1])


def routed(*subsets: str) -> tuple[Routing, ...]:
    shares = tuple(Share(Destination(HOST, 0, one)) for one in subsets)
    return (Routing(Origin("", "r", "shop"), Scope(), (HOST,), http=(HttpRoute(shares=shares),)),)


SERVICES = {HOST: Service("reviews", "shop", HOST)}
BEFORE = Mesh(policies=(POLICY,), routings=routed("v2"))


def names(mesh: Mesh) -> list[str]:
    return [one.name for policy in mesh.policies for one in policy.subsets]


def test_nothing_lost_is_the_same_mesh():
    mesh, lost = carry(BEFORE, BEFORE, Lost(), 1.0)
    assert mesh is BEFORE and lost == Lost() and lost.until(1.0) is None


def test_it_lasts_while_it_is_routed_to_and_not_for_ever():
    after = replace(BEFORE, policies=(FIRST_ONLY,))
    mesh, lost = carry(BEFORE, after, Lost(), 1.0)
    assert names(mesh) == ["v1", "v2"] and lost.until(1.0) == 1.0 + GRACE_S
    again, lost = carry(mesh, after, lost, 5.0)
    assert names(again) == ["v1", "v2"] and lost.until(5.0) == 1.0 + GRACE_S
    late, lost = carry(again, after, lost, 1.0 + GRACE_S)
    assert names(late) == ["v1"] and lost.until(1.0 + GRACE_S) is None
    later, lost = carry(late, after, lost, 99.0)
    assert names(later) == ["v1"]


def test_with_its_route_it_is_gone_at_once():
    after = Mesh(policies=(FIRST_ONLY,), routings=routed("v1"))
    mesh, lost = carry(BEFORE, after, Lost(), 1.0)
    assert mesh is after and lost == Lost()


def test_a_whole_policy_that_is_gone_leaves_what_is_routed_to():
    mesh, _ = carry(BEFORE, replace(BEFORE, policies=()), Lost(), 1.0)
    assert names(mesh) == ["v2"]


def test_what_nobody_ever_defined_is_not_made_up():
    after = Mesh(policies=(POLICY,), routings=routed("v9"))
    mesh, lost = carry(BEFORE, after, Lost(), 1.0)
    assert mesh is after and lost == Lost()


def test_a_route_waits_for_the_subset_that_it_leads_to_but_not_for_ever():
    before = Mesh(SERVICES, policies=(FIRST_ONLY,), routings=routed("v1"))
    after = replace(before, routings=routed("v2"))
    mesh, lost = carry(before, after, Lost(), 1.0)
    assert mesh.routings == before.routings and lost.until(1.0) == 1.0 + GRACE_S
    there, none = carry(mesh, replace(after, policies=(POLICY,)), lost, 2.0)
    assert there.routings == after.routings and none == Lost()
    late, lost = carry(mesh, after, lost, 1.0 + GRACE_S)
    assert late is after and lost == Lost()


def test_a_route_that_never_was_whole_is_not_waited_for():
    before = Mesh(SERVICES, policies=(FIRST_ONLY,), routings=routed("v8"))
    assert carry(before, replace(before, routings=routed("v9")), Lost(), 1.0)[1] == Lost()
    alone = Mesh(SERVICES, policies=(FIRST_ONLY,))
    assert carry(alone, replace(alone, routings=routed("v9")), Lost(), 1.0)[1] == Lost()


def test_defined_again_it_starts_anew():
    after = replace(BEFORE, policies=(FIRST_ONLY,))
    _, lost = carry(BEFORE, after, Lost(), 1.0)
    _, lost = carry(after, BEFORE, lost, 20.0)
    mesh, lost = carry(BEFORE, after, lost, 30.0)
    assert names(mesh) == ["v1", "v2"] and lost.until(30.0) == 30.0 + GRACE_S
