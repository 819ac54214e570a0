"""Which workloads stand for a gateway."""

from telltale.model.gateway import Gateway
from telltale.model.mesh import Mesh
from telltale.model.route import Client, Routing
from telltale.model.scope import Origin, Scope
from telltale.model.service import Service
from telltale.model.view import View
from telltale.model.workload import Workload

EDGE = (("istio", "ingress"),)
POD = Workload("edge-0", "istio-system", dict(EDGE))


EDGES = Scope(selector=EDGE)


def gateway(name: str = "shop/edge", scope: Scope = EDGES, service: str = ""):
    return Gateway(Origin("2026", "edge", "shop", "Gateway"), name, scope, service=service)


def held(workload: Workload, *gateways: Gateway, **more) -> list[str]:
    return [one.name for one in Mesh(gateways=gateways, **more).gateways_of(workload)]


def test_labels_select_workloads_of_any_namespace_that_the_scope_sees():
    assert held(POD, gateway()) == ["shop/edge"]
    assert held(Workload("x", "istio-system"), gateway()) == []
    assert held(POD, gateway(scope=Scope(("shop",), EDGE))) == []


def test_a_named_service_selects_those_behind_it_and_labels_do_not():
    service = Service("edge", "istio-system", "edge.host", selector=EDGE)
    mesh = {"services": {"edge.host": service}}
    named = gateway(scope=Scope(), service="edge.host")
    assert held(POD, named, **mesh) == ["shop/edge"]
    assert held(Workload("edge-0", "shop", dict(EDGE)), named, **mesh) == []
    assert held(POD, gateway(scope=Scope(), service="gone.host")) == []


def test_routes_and_matches_are_for_the_gateways_that_they_name():
    routing = Routing(Origin("1", "a", "shop"), Scope(), ("a.example",), ("shop/edge",))
    mesh = Mesh(routings=(routing,))
    edge = View(mesh, "istio-system", gateways=("shop/edge", "shop/other"))
    assert edge.routings_of("a.example") == (routing,)
    assert View(mesh, "istio-system").routings == ()
    assert edge.is_client(Client(gateways=("shop/other",)))
    assert not edge.is_client(Client(gateways=("mesh",)))
