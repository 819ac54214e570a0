"""Where a workload is served."""

from telltale.model.mesh import Mesh, targets
from telltale.model.service import Discovery, Port, Protocol, Service
from telltale.model.view import View
from telltale.model.workload import Target, Workload

SHOP = Workload("a-0", "shop", {"app": "a", "tier": "1"}, ("1.1.1.1",), {"web": 8080})


def mesh(*services: Service) -> Mesh:
    return Mesh({service.host: service for service in services})


def service(name="a", port=80, target=8080, selector=(("app", "a"),), **more) -> Service:
    protocol = more.pop("protocol", Protocol.HTTP)
    return Service(name, more.pop("namespace", "shop"), f"{name}.shop",
                   (Port(port, protocol, "http", target),), selector=selector, **more)  # fmt: skip


def test_a_service_that_selects_the_workload_serves_it():
    assert targets(mesh(service()), SHOP) == (Target(8080, Protocol.HTTP, 80, "a.shop"),)


def test_every_label_must_be_there():
    assert not targets(mesh(service(selector=(("app", "a"), ("tier", "2")))), SHOP)


def test_no_selector_selects_nothing():
    assert not targets(mesh(service(selector=())), SHOP)


def test_another_namespace_is_another_matter():
    assert not targets(mesh(service(namespace="else")), SHOP)


def test_a_named_target_is_looked_up_at_the_workload():
    assert targets(mesh(service(target="web")), SHOP)[0].port == 8080
    assert not targets(mesh(service(target="missing")), SHOP)


def test_of_two_services_on_one_container_port_the_first_wins():
    both = mesh(service("old"), service("new", port=81, protocol=Protocol.TCP))
    assert targets(both, SHOP) == (Target(8080, Protocol.HTTP, 80, "old.shop"),)


def test_aliases():
    alias = Service("b", "shop", "b.shop", discovery=Discovery.ALIAS, alias_of="a.shop")
    assert [*View(mesh(service(), alias), "shop").aliases("a.shop")] == [alias]
