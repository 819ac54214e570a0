"""Sidecars read, what each must not say, and which one holds for whom."""

import pytest

from telltale.kube import codec
from telltale.kube.istio.kinds import SERVICE_ENTRY, SIDECAR, VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.kube.service import Service
from telltale.model.mesh import targets
from telltale.model.options import Egress
from telltale.model.service import Protocol
from telltale.model.sidecar import Glob, Hears, Reach, meet
from telltale.model.view import View
from telltale.model.workload import Workload
from telltale.pilot.envoy.routing import egress
from telltale.pilot.envoy.upstream import clusters
from telltale.pilot.intake import sidecars
from telltale.pilot.intake.problem import Level
from telltale.pilot.intake.read import Objects, read


def config(name="sidecar", namespace="shop", created="", **spec):
    return codec.convert(Config, {
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": created or None},
        "spec": spec,
    })  # fmt: skip


def service(name, namespace, *ports):
    return codec.convert(Service, {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": "10.0.0.1", "selector": {"app": name},
                 "ports": [{"name": f"http-{port}", "port": port} for port in ports or (80,)]},
    })  # fmt: skip


def mesh_of(*given, services=(), virtuals=(), entries=()):
    mesh, problems = read(Objects(services=tuple(services), configs={
        SIDECAR: given, VIRTUAL_SERVICE: virtuals, SERVICE_ENTRY: entries}))  # fmt: skip
    assert not problems, problems
    return mesh


ALL = {"hosts": ["*/*"]}


def test_everything_that_it_says():
    [found], problems = sidecars.read([config(
        workloadSelector={"labels": {"app": "a"}},
        egress=[
            {"port": {"number": 9080, "protocol": "HTTP", "name": "x"}, "bind": "127.0.0.1",
             "captureMode": "NONE", "hosts": ["./*"]},
            {"hosts": ["other/a.example", "~/*"]},
        ],
        ingress=[{"port": {"number": 80, "protocol": "HTTP", "name": "y"},
                  "defaultEndpoint": "unix:///run/a.sock"}],
        outboundTrafficPolicy={"mode": "ALLOW_ANY",
                               "egressProxy": {"host": "out", "port": {"number": 8080}}},
    )], "x")  # fmt: skip
    assert not problems
    assert found.scope.selector == (("app", "a"),)
    assert found.reach == (
        Reach((Glob("shop", "*"),), 9080, Protocol.HTTP, "127.0.0.1", led=False),
        Reach((Glob("other", "a.example"),)),
    )
    assert found.hears == (Hears(80, Protocol.HTTP, "unix:///run/a.sock"),)
    assert found.egress is Egress.ANY and found.proxy == ("out.shop.svc.x", 8080, "")


P = {"number": 80, "protocol": "HTTP", "name": "x"}


@pytest.mark.parametrize("field, spec", [
    ("spec", {}),
    ("spec", {"workloadSelector": {"labels": {"a": "b"}}}),
    ("spec.egress[1].port.number", {"egress": [{"port": P, **ALL}, {"port": P, **ALL}]}),
    ("spec.ingress[1].port.number", {"ingress": [{"port": P}, {"port": P}]}),
    ("spec.ingress[0].port.number", {"ingress": [{}]}),
    ("spec.ingress[0].port.number", {"ingress": [{"port": {**P, "number": 15006}}]}),
    ("spec.ingress[0].port.protocol", {"ingress": [{"port": {**P, "protocol": "QUIC"}}]}),
    ("spec.ingress[0].bind", {"ingress": [{"port": P, "bind": "a.example"}]}),
    ("spec.ingress[0].defaultEndpoint",
     {"ingress": [{"port": P, "defaultEndpoint": "10.0.0.1:80"}]}),
    ("spec.ingress[0].defaultEndpoint",
     {"ingress": [{"port": P, "defaultEndpoint": "127.0.0.1:0"}]}),
    ("spec.ingress[0].bind", {"ingress": [{"port": P, "captureMode": "NONE"}]}),
    ("spec.ingress[0].tls", {"ingress": [{"port": P, "tls": {"mode": "SIMPLE"}}]}),
    ("spec.egress[0].hosts", {"egress": [{"hosts": []}]}),
    ("spec.egress[0].hosts[0]", {"egress": [{"hosts": ["a.example"]}]}),
    ("spec.egress[0].port", {"egress": [ALL, {"port": P, **ALL}]}),
    ("spec.egress[0].bind", {"egress": [{"bind": "127.0.0.1", **ALL}]}),
    ("spec.egress[0].bind", {"egress": [{"port": P, "bind": "x", **ALL}]}),
    ("spec.egress[0].captureMode",
     {"egress": [{"port": P, "bind": "unix:///a", "captureMode": "IPTABLES", **ALL}]}),
    ("spec.outboundTrafficPolicy.egressProxy",
     {"outboundTrafficPolicy": {"egressProxy": {"host": "a", "port": {"number": 1}}}}),
    ("spec.outboundTrafficPolicy.egressProxy.port",
     {"outboundTrafficPolicy": {"mode": "ALLOW_ANY", "egressProxy": {"host": "a"}}}),
    ("spec.outboundTrafficPolicy.egressProxy.host",
     {"outboundTrafficPolicy": {"mode": "ALLOW_ANY",
                                "egressProxy": {"host": "*.a", "port": {"number": 1}}}}),
])  # fmt: skip
def test_what_is_refused(field, spec):
    found, problems = sidecars.read([config(**spec)], "x")
    assert found == [] and field in [one.field for one in problems]
    assert all(one.level is Level.ERROR for one in problems)


@pytest.mark.parametrize("one, other, common", [
    ("a.example", "a.example", True), ("a.example", "b.example", False),
    ("*", "a.example", True), ("*.example", "a.example", True), ("a.example", "*.example", True),
    ("*.a.example", "*.example", True), ("*.example", "*.a.example", True),
    ("*.example", "example", False), ("*.a.example", "*.b.example", False),
])  # fmt: skip
def test_hosts_that_have_a_name_in_common(one, other, common):
    assert meet(one, other) is common and meet(other, one) is common


def test_which_one_holds():
    def said(name, namespace="shop", created="2020", labels=None):
        chosen = {"workloadSelector": {"labels": labels}} if labels else {}
        return config(name, namespace, created, egress=[ALL], **chosen)

    given = [
        said("root", "istio-system"), said("plain"), said("chosen", labels={"app": "a"}),
        said("younger", created="2021", labels={"app": "a"}),
    ]
    mesh = mesh_of(*given)

    def held(namespace, **labels):
        return mesh.sidecar(namespace, tuple(labels.items())).origin.name

    assert held("shop", app="a") == "chosen"
    assert held("shop", app="b") == "plain"
    assert held("other", app="a") == "root"
    assert mesh_of(*given[1:]).sidecar("other", ()) is None
    assert mesh.told_apart(Workload("x", "shop", {"app": "a", "b": "c"})) == (("app", "a"),)


def hosts(mesh, namespace="shop", **labels):
    return [one.name for one in View(mesh, namespace, tuple(labels.items())).services]


SERVICES = [service("a", "shop"), service("b", "shop", 80, 81), service("c", "other")]


@pytest.mark.parametrize("reach, seen", [
    (["*/*"], ["c", "a", "b"]),
    (["./*"], ["a", "b"]),
    (["~/*"], []),
    (["other/*"], ["c"]),
    (["*/b.shop.svc.cluster.local"], ["b"]),
    (["shop/*.shop.svc.cluster.local", "other/c.other.svc.cluster.local"], ["c", "a", "b"]),
    (["other/a.shop.svc.cluster.local"], []),
])  # fmt: skip
def test_what_is_seen(reach, seen):
    assert hosts(mesh_of(config(egress=[{"hosts": reach}]), services=SERVICES)) == seen


def test_what_routes_lead_to_is_seen_too():
    routes = config("vs", hosts=["a.shop.svc.cluster.local"], http=[
        {"route": [{"destination": {"host": "c.other.svc.cluster.local"}}]}])  # fmt: skip
    given = {"services": SERVICES, "virtuals": (routes,)}
    mesh = mesh_of(config(egress=[{"hosts": ["./a.shop.svc.cluster.local"]}]), **given)
    assert hosts(mesh) == ["c", "a"]
    unseen = mesh_of(config(egress=[{"hosts": ["./b.shop.svc.cluster.local"]}]), **given)
    assert hosts(unseen) == ["b"] and View(unseen, "shop").routings == ()


def test_a_port_of_its_own_takes_that_port_from_the_rest():
    mesh = mesh_of(config(egress=[
        {"port": {**P, "number": 80}, "hosts": ["other/*"]}, {"hosts": ["./*"]},
    ]), services=SERVICES)  # fmt: skip
    view = View(mesh, "shop")
    served = [(service.name, port.number) for service in view.services
              for _, port, _ in view.served(service)]  # fmt: skip
    assert served == [("c", 80), ("b", 81)]


def test_what_is_heard_takes_the_place_of_services():
    workload = Workload("a-0", "shop", {"app": "a"})
    mesh = mesh_of(
        config(ingress=[{"port": {**P, "number": 9000}, "defaultEndpoint": "127.0.0.1:80"}]),
        services=SERVICES,
    )
    [target] = targets(mesh, workload)
    assert (target.port, target.to, target.host) == (9000, "127.0.0.1:80", "sidecar.shop")
    assert [one.port for one in targets(mesh_of(services=SERVICES), workload)] == [80]


@pytest.mark.parametrize("policy, egress", [
    (None, Egress.ANY), ({}, Egress.KNOWN), ({"mode": "ALLOW_ANY"}, Egress.ANY),
    ({"mode": "REGISTRY_ONLY"}, Egress.KNOWN),
])  # fmt: skip
def test_what_becomes_of_the_unknown(policy, egress):
    spec = {"outboundTrafficPolicy": policy} if policy is not None else {}
    assert View(mesh_of(config(egress=[ALL], **spec)), "shop").egress is egress


def test_limits_of_what_comes_in():
    mesh = mesh_of(config(
        ingress=[
            {"port": {**P, "number": 9000}, "connectionPool": {"tcp": {"maxConnections": 3}}},
            {"port": {**P, "number": 9001}},
        ],
        inboundConnectionPool={"http": {"http1MaxPendingRequests": 7}},
    ))  # fmt: skip
    first, second = targets(mesh, Workload("a-0", "shop"))
    assert (first.pool.connections, first.pool.pending) == (3, None)
    assert (second.pool.connections, second.pool.pending) == (None, 7)
    [cluster, _] = clusters.inbound((first, second))
    assert cluster.circuit_breakers.thresholds[0].max_connections.value == 3
    plain = mesh_of(config(inboundConnectionPool={"tcp": {"maxConnections": 4}}), services=SERVICES)
    [target] = targets(plain, Workload("a-0", "shop", {"app": "a"}))
    assert target.pool.connections == 4


def test_an_egress_proxy_is_seen_for_that():
    policy = {"mode": "ALLOW_ANY", "egressProxy": {
        "host": "c.other.svc.cluster.local", "port": {"number": 80}}}  # fmt: skip
    mesh = mesh_of(config(egress=[{"hosts": ["~/*"]}], outboundTrafficPolicy=policy),
                   services=SERVICES)  # fmt: skip
    view = View(mesh, "shop")
    assert [one.name for one, _ in view.ports()] == ["c"]
    assert egress.stranger(view) == "outbound|80||c.other.svc.cluster.local"
