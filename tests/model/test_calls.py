"""What a workload is declared to call is all that it sees, unless a Sidecar says otherwise."""

from dataclasses import replace

import pytest

from telltale.model.mesh import Mesh
from telltale.model.scope import Origin, Scope
from telltale.model.service import Port, Protocol, Service
from telltale.model.sidecar import Glob, Reach, Sidecar
from telltale.model.view import View

HTTP = (Port(80, Protocol.HTTP, "http", 80),)


def service(name: str, namespace: str, host: str = "") -> Service:
    return Service(name, namespace, host or f"{name}.{namespace}.svc.cluster.local", HTTP)


ALL = (
    service("cart", "shop"), service("cart", "far"), service("bank", "far"),
    service("api", "shop", "api.far"), service("web", "shop", "www.example.com"),
)  # fmt: skip
MESH = Mesh({one.key: one for one in ALL})


def seen(mesh: Mesh, *calls: str) -> set[str]:
    return {
        f"{one.name}.{one.namespace}" for one in View(mesh, "shop", calls=calls).services
    }


@pytest.mark.parametrize(("written", "expected"), [
    ("cart", {"cart.shop"}),
    ("cart.far", {"cart.far"}),
    ("cart.far.svc", {"cart.far"}),
    ("cart.far.svc.cluster.local", {"cart.far"}),
    ("api.far", {"api.shop"}),
    ("*.example.com", {"web.shop"}),
    ("far/*", {"cart.far", "bank.far"}),
    ("*", {"cart.shop", "api.shop", "web.shop"}),
    ("./*", {"cart.shop", "api.shop", "web.shop"}),
    ("nobody", set()),
])  # fmt: skip
def test_a_name_is_a_service_a_host_or_a_namespaces(written: str, expected: set[str]):
    assert seen(MESH, written) == expected


def test_who_calls_nobody_sees_nobody_and_who_says_nothing_all():
    assert seen(MESH) == set()
    assert len(View(MESH, "shop").services) == len(ALL)


def test_several_names_add_up():
    assert seen(MESH, "bank.far", "cart") == {"bank.far", "cart.shop"}


def test_a_sidecar_goes_before():
    scope = Scope(("shop",))
    one = Sidecar(Origin("1", "all", "shop"), scope, (Reach((Glob("far", "*"),)),))
    assert seen(replace(MESH, sidecars=(one,)), "cart") == {"cart.far", "bank.far"}


def test_a_gateway_is_never_narrowed():
    assert len(View(MESH, "shop", gateways=("edge",), calls=("cart",)).services) == len(ALL)
