"""Pods, and an Envoy's own word."""

import pytest

from telltale.kube import codec
from telltale.kube.core import Pod
from telltale.model.workload import Role
from telltale.pilot.intake.workloads import NotAProxy, read, read_proxy


def pod(status=None, **spec) -> Pod:
    return codec.convert(Pod, {
        "metadata": {"name": "a-0", "namespace": "shop", "labels": {"app": "a"}},
        "spec": spec, "status": status or {"podIP": "1.1.1.1", "phase": "Running"},
    })  # fmt: skip


def test_a_pod_is_a_workload():
    ports = [{"name": "web", "containerPort": 8080}, {"containerPort": 1},
             {"name": "dns", "containerPort": 53, "protocol": "UDP"}]  # fmt: skip
    found = read(pod(containers=[{"name": "app", "ports": ports}]))
    assert found.key == "a-0.shop"
    assert (found.addresses, found.ports) == (("1.1.1.1",), {"web": 8080})


def test_a_pod_of_the_nodes_network_or_one_that_is_over_is_none():
    assert read(pod(hostNetwork=True)) is None
    assert read(pod({"phase": "Succeeded"})) is None


def test_a_proxy_says_who_it_is():
    proxy = read_proxy("sidecar~1.1.1.1~a-0.shop~shop.svc.cluster.local", {
        "LABELS": {"app": "a"}, "INSTANCE_IPS": "1.1.1.1,fd00::1", "ISTIO_VERSION": "0.1",
        "POD_PORTS": [{"name": "web", "containerPort": 8080.0}, "nonsense"],
    })  # fmt: skip
    assert (proxy.workload.name, proxy.namespace) == ("a-0", "shop")
    assert proxy.workload.addresses == ("1.1.1.1", "fd00::1")
    assert (proxy.workload.ports, proxy.version) == ({"web": 8080}, "0.1")


def test_metadata_may_be_anything():
    odd = {"LABELS": [1], "INSTANCE_IPS": 3, "POD_PORTS": "x", "ISTIO_VERSION": None}
    assert read_proxy("sidecar~1.1.1.1~a-0.shop~x", odd).workload.labels == {}


@pytest.mark.parametrize("id", ["", "sidecar", "other~1~a.b~c", "sidecar~1~nodot~c", "a~b~c~d~e"])
def test_an_id_that_is_none_is_refused_with_what_it_should_be(id):
    with pytest.raises(NotAProxy, match=r"sidecar\|router~IP|POD\.NAMESPACE"):
        read_proxy(id, {})


def test_a_router_says_that_it_is_one():
    assert read_proxy("router~1~a.b~c", {}).role is Role.ROUTER
    assert read_proxy("sidecar~1~a.b~c", {}).role is Role.SIDECAR


@pytest.mark.parametrize(("written", "read"), [(2.0, 2), (-1, 0), ("2", 0), (None, 0)])
def test_how_many_proxies_stand_before_a_gateway(written, read):
    config = {"gatewayTopology": {"numTrustedProxies": written}}
    assert read_proxy("router~1~a.b~c", {"PROXY_CONFIG": config}).before == read
