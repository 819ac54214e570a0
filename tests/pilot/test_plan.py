"""What tells proxies apart, and that one plan is the same as a shared one."""

from dataclasses import replace

from telltale.model.mesh import Mesh
from telltale.model.scope import Origin, Scope
from telltale.model.service import Discovery, Endpoint, Port, Protocol, Service
from telltale.model.sidecar import Sidecar
from telltale.model.workload import Proxy, Workload
from telltale.pilot.plan import Plans, plan

WEB = Service("web", "shop", "web.shop.svc.x", (Port(80, Protocol.HTTP, "http", 8080),),
              ("10.0.0.1",), selector=(("app", "web"),))  # fmt: skip
DB = Service("db", "shop", "db.shop.svc.x", (Port(5432, Protocol.TCP, "tcp", 5432),),
             discovery=Discovery.HEADLESS)  # fmt: skip
MESH = Mesh(
    {one.host: one for one in (WEB, DB)},
    {DB.host: {5432: (Endpoint("1.1.1.1", 5432), Endpoint("1.1.1.2", 5432))}},
)


def proxy(name="a-0", namespace="shop", app="", address="1.1.1.9", **more) -> Proxy:
    labels = {"app": app} if app else {}
    return Proxy("x", Workload(name, namespace, labels, (address,)), **more)


def names(messages) -> set[str]:
    return {one.name for one in messages}


def test_keys_are_equal_when_nothing_that_matters_differs():
    plans = Plans(MESH)
    assert plans.key(proxy("a-0", address="1.1.1.8")) == plans.key(proxy("a-1"))
    assert plans.key(proxy()) != plans.key(proxy(app="web"))
    assert plans.key(proxy()) != plans.key(proxy(namespace="far"))
    assert plans.key(proxy()) != plans.key(proxy(redirected=False))


def test_a_member_of_a_headless_service_is_a_class_of_its_own():
    key = Plans(MESH).key(proxy(address="1.1.1.1"))
    assert key.own == {"1.1.1.1"}
    found = names(plan(MESH, proxy(address="1.1.1.1")).listeners)
    assert "1.1.1.2_5432" in found and "1.1.1.1_5432" not in found


def test_the_mesh_knows_a_workload_better_than_its_proxy():
    knowing = replace(MESH, workloads={"a-0.shop": Workload("a-0", "shop", {"app": "web"})})
    assert "inbound|8080||" in names(plan(knowing, proxy()).clusters)
    assert "inbound|8080||" not in names(plan(MESH, proxy()).clusters)


def test_sharing_changes_nothing():
    plans = Plans(MESH)
    for one in (proxy(), proxy(app="web"), proxy(namespace="far")):
        alone = plan(MESH, one)
        assert plans.of(plans.key(one)) == replace(alone, endpoints=())


def test_without_redirect_nothing_is_virtual():
    found = plan(MESH, proxy(app="web", redirected=False)).listeners
    assert names(found) == {"0.0.0.0_80", "1.1.1.1_5432", "1.1.1.2_5432"}
    assert all(not one.HasField("bind_to_port") for one in found)


def test_what_is_declared_to_be_called_tells_apart_and_narrows_unless_a_sidecar_does():
    told = {f"{name}.shop": Workload(name, "shop", calls=calls)
            for name, calls in (("a-0", ("db",)), ("a-1", ("db",)), ("a-2", None))}  # fmt: skip
    mesh = replace(MESH, workloads=told, options=replace(MESH.options, domain="x"))
    plans = Plans(mesh)
    keys = [plans.key(proxy(name)) for name in ("a-0", "a-1", "a-2")]
    assert keys[0] == keys[1] != keys[2]
    clusters = names(plans.of(keys[0]).clusters)
    assert "outbound|5432||db.shop.svc.x" in clusters
    assert "outbound|80||web.shop.svc.x" not in clusters
    assert "outbound|80||web.shop.svc.x" in names(plans.of(keys[2]).clusters)
    ruled = Plans(replace(mesh, sidecars=(Sidecar(Origin("1", "s", "shop"), Scope(("shop",))),)))
    assert ruled.key(proxy("a-0")) == ruled.key(proxy("a-2"))
