"""A resource that Envoy rejects leads to the object that it was made from."""

from pathlib import Path

import pytest

from telltale.kube import codec
from telltale.kube.istio.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.kube.service import Service
from telltale.model.workload import Proxy, Workload
from telltale.pilot.intake.read import Objects, read
from telltale.pilot.intake.telemetry import envoyfilters
from telltale.pilot.patching.apply import Patcher
from telltale.pilot.plan import plan
from telltale.pilot.rejections import Rejection, problems
from telltale.pilot.xds.order import CDS, RDS
from telltale.pilot.xds.resource import make

OBJECTS = Path(__file__).with_name("rejected.yaml")


@pytest.fixture(scope="module")
def bundle():
    found = codec.parse_yaml(OBJECTS.read_text())

    def all_of(kind, shape):
        return tuple(codec.convert(shape, one) for one in found if one["kind"] == kind)

    configs = {kind: all_of(kind.kind, Config) for kind in (VIRTUAL_SERVICE, DESTINATION_RULE)}
    mesh, wrong = read(Objects(all_of("Service", Service), configs=configs))
    assert not wrong
    return plan(mesh, Proxy("sidecar~172.16.3.9~me.shop~x", Workload("me", "shop")))


def rejected(type_url, message, error, *proxies):
    return problems([Rejection(type_url, make(message.name, message), error, proxies)])


def test_a_cluster_leads_to_its_destination_rule(bundle):
    [cluster] = [one for one in bundle.clusters if one.name.startswith("outbound|80|v1|cart.")]
    [found] = rejected(CDS, cluster, "bad\n cluster", "a.shop", "b.shop", "c.shop")
    assert str(found) == (
        "destinationrule shop/cart: spec: Envoy rejects the Cluster"
        " outbound|80|v1|cart.shop.svc.cluster.local: bad cluster: a.shop and 2 more stays with"
        " what it had; all else goes on; change the object: it is tried again at once"
    )
    assert found.code == "rejected-by-envoy"


def test_of_a_route_table_the_object_is_found_that_the_text_speaks_of(bundle):
    [table] = [one for one in bundle.routes if one.name == "80"]
    [found] = rejected(RDS, table, "bad: /pay/(v1|v2)", "a.shop")
    assert str(found.object) == "virtualservice shop/pay"


def test_when_the_text_is_of_no_help_all_that_are_in_it_are_told(bundle):
    [table] = [one for one in bundle.routes if one.name == "80"]
    found = rejected(RDS, table, "no", "a.shop")
    assert {str(one.object) for one in found} == {
        "virtualservice shop/cart", "virtualservice shop/pay",
    }  # fmt: skip
    assert "one of 2 objects" in found[0].why


def test_what_was_made_of_no_object_is_told_by_its_own_name(bundle):
    [cluster] = [one for one in bundle.clusters if one.name == "BlackHoleCluster"]
    [found] = rejected(CDS, cluster, "x" * 1000, "a.shop")
    assert str(found.object) == "cluster BlackHoleCluster"
    assert len(found.what) < 400


def test_what_patches_changed_leads_to_them_first(bundle):
    """And to what they changed, when the text speaks of it."""
    entry = {"applyTo": "CLUSTER",
             "patch": {"operation": "MERGE", "value": {"lb_policy": "RANDOM"}}}  # fmt: skip
    table = {"applyTo": "ROUTE_CONFIGURATION",
             "patch": {"operation": "MERGE", "value": {"max_direct_response_body_size_bytes": 1}}}
    one = codec.convert(Config, {
        "metadata": {"name": "x", "namespace": "shop"},
        "spec": {"configPatches": [table, entry]}})  # fmt: skip
    patches, _ = envoyfilters.read((one,), "cluster.local")
    patcher = Patcher(tuple(patches))
    [cluster] = [one for one in bundle.clusters if one.name.startswith("outbound|80|v1|cart.")]
    [changed] = patcher.clusters([cluster])
    told = [(str(one.object), one.field) for one in rejected(CDS, changed, "no", "a.shop")]
    assert told == [("envoyfilter shop/x", "spec.configPatches[1]")]
    told = [(str(one.object), one.field) for one in rejected(CDS, changed, cluster.name, "a.shop")]
    assert told == [
        ("envoyfilter shop/x", "spec.configPatches[1]"), ("destinationrule shop/cart", "spec"),
    ]  # fmt: skip
    [of_80] = patcher.routes([one for one in bundle.routes if one.name == "80"])
    [found] = rejected(RDS, of_80, "?", "a.shop")
    assert (str(found.object), found.field) == ("envoyfilter shop/x", "spec.configPatches[0]")
