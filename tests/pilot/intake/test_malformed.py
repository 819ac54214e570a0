"""What users get wrong: refused at admission, or told with object, field and a way out.

And whatever it is, the mesh is read and planned, and what is right in it works as before.
"""

from pathlib import Path

import pytest

from telltale.inspect import objects
from telltale.kube import codec
from telltale.kube.codec import Malformed
from telltale.kube.istio.kinds import DEFINITIONS
from telltale.model.workload import Proxy, Workload
from telltale.pilot.intake.analysis.every import configuration
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.checks import check
from telltale.pilot.intake.problem import Level
from telltale.pilot.intake.read import read
from telltale.pilot.plan import plan

HERE = Path(__file__).parent
[DOCUMENT] = [codec.parse_yaml("items: " + "\n" + (HERE / "malformed.yaml").read_text())]
CASES = DOCUMENT[0]["items"]
KINDS = {one.kind.kind: one.kind for one in DEFINITIONS}
SHOP = """
kind: Service
apiVersion: v1
metadata: {name: NAME, namespace: shop}
spec: {clusterIP: 172.19.0.NUMBER, selector: {app: NAME}, ports: [{name: http, port: 80}]}
---
kind: Pod
apiVersion: v1
metadata: {name: NAME-1, namespace: shop, labels: {app: NAME, version: v1}}
spec: {containers: [{name: app, ports: [{containerPort: 80}]}]}
status: {phase: Running, podIP: 172.16.3.NUMBER, podIPs: [{ip: 172.16.3.NUMBER}]}
---
"""
RULES = """
kind: DestinationRule
apiVersion: networking.istio.io/v1
metadata: {name: NAME, namespace: shop, creationTimestamp: "2020-01-01T00:00:00Z"}
spec: {host: NAME, subsets: [{name: v1, labels: {version: v1}}]}
---
kind: VirtualService
apiVersion: networking.istio.io/v1
metadata: {name: good, namespace: shop, creationTimestamp: "2020-01-01T00:00:00Z"}
spec: {hosts: [good], http: [{route: [{destination: {host: good, subset: v1}}]}]}
---
"""
CLIENT = Proxy("sidecar~172.16.3.99~me.shop~x", Workload("me", "shop"))


def shop():
    text = "".join(
        SHOP.replace("NAME", name).replace("NUMBER", str(number))
        for number, name in enumerate(("good", "cart", "pay"), 20)
    )
    return codec.parse_yaml(text + RULES.replace("NAME", "good") +
                            RULES.partition("---")[0].replace("NAME", "cart"))  # fmt: skip


def wrong(case):
    kind = KINDS[case["kind"]]
    meta = {"name": "wrong", "namespace": "shop", "creationTimestamp": "2021-01-01T00:00:00Z"}
    spec = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta}
    return {**spec, "spec": case["spec"]}


def seen_by_a_client(documents):
    """The mesh, what is wrong in it, and what a client is told of host `good`."""
    known = objects.of(documents)
    mesh, told = read(known)
    bundle = plan(mesh, CLIENT)
    hosts = [
        host for table in bundle.routes for host in table.virtual_hosts
        if host.name.startswith("good.")
    ]  # fmt: skip
    clusters = [one for one in bundle.clusters if "good.shop" in one.name]
    return (*told, *configuration(Seen(known, mesh))), hosts, clusters


@pytest.fixture(scope="module")
def before():
    return seen_by_a_client(shop())


def test_the_shop_is_right(before):
    told, hosts, clusters = before
    assert told == ()
    assert len(hosts) == 1 and len(clusters) == 2


def test_there_are_forty_at_least_and_each_is_another():
    assert len({one["name"] for one in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["name"].replace(" ", "-"))
def test_it_is_told_and_the_rest_goes_on(case, before):
    object = wrong(case)
    refused = [one for one in check(object) if one.level is Level.ERROR]
    assert bool(refused) == case.get("refused", False), [str(one) for one in refused]
    told, hosts, clusters = seen_by_a_client([*shop(), object])
    for found in (refused, told) if refused else (told,):
        fitting = [one for one in found if one.field == case["field"]]
        assert fitting, [str(one) for one in found]
        assert {str(one.object) for one in fitting} == {f"{case['kind'].lower()} shop/wrong"}
        assert all(one.what and one.why and one.hint for one in fitting)
        assert any(case["says"] in one.hint for one in fitting), [one.hint for one in fitting]
    if case["name"] != "a host that another one routes":
        assert hosts == before[1]
    assert clusters == before[2]


@pytest.mark.parametrize("spec", [None, [], "text", 7])
@pytest.mark.parametrize("kind", KINDS)
def test_a_spec_that_is_no_object_is_told(kind, spec):
    object = wrong({"kind": kind, "spec": spec})
    assert [one for one in check(object) if one.level is Level.ERROR]
    with pytest.raises(Malformed, match=f"{kind.lower()} shop/wrong"):
        objects.of([object])
