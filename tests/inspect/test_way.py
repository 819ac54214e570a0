"""The way of a request from files alone: the steps, who decided each, and what is refused."""

from pathlib import Path

import pytest

from telltale.inspect import objects, told
from telltale.inspect.request import parse
from telltale.inspect.source import source
from telltale.inspect.way import Outcome, Way, way
from telltale.kube import codec
from telltale.kube.codec import Malformed
from telltale.kube.errors import BadRequest, NotFound
from telltale.pilot.intake.read import read

APP = codec.parse_yaml((Path(__file__).parent / "app.yaml").read_text())
REVIEWS = "reviews.shop.svc.cluster.local"


def go(to: str, *headers: str, who: str = "front", namespace: str = "shop") -> Way:
    known = objects.of(APP)
    mesh, problems = read(known)
    assert {one.code for one in problems} <= {"subset-not-found"}  # the story has one on purpose
    return way(mesh, source(known.pods, who, namespace).proxy, parse(to, headers))


def clusters(found: Way) -> list[tuple[str, float]]:
    return [(one.cluster, one.share) for one in found.landings]


def decided(found: Way) -> dict[str, str]:
    return {one.kind: one.object for one in found.steps}


@pytest.mark.parametrize("host", ["reviews", "reviews.shop", REVIEWS, f"{REVIEWS}.", "127.9.0.1"])
def test_each_step_names_the_object_that_decided_it(host):
    found = go(f"{host}:9080/reviews/1", "end-user: jason")
    assert decided(found) == {
        "host": "service shop/reviews", "listener": "service shop/reviews",
        "virtual host": "service shop/reviews", "route": "virtualservice shop/reviews",
        "cluster": "destinationrule shop/rules", "endpoints": "",
    }  # fmt: skip
    assert clusters(found) == [(f"outbound|9080|v2|{REVIEWS}", 1.0)]
    [landing] = found.landings
    assert [one.workload for one in landing.endpoints] == ["reviews-v2.shop"]
    assert landing.chosen == "pods with app=reviews,version=v2"
    assert found.outcome is Outcome.FORWARDED


def test_the_only_port_need_not_be_said():
    assert clusters(go("reviews/reviews")) == [(f"outbound|9080|v1|{REVIEWS}", 1.0)]


def test_shares_are_told():
    found = go("reviews/split")
    assert clusters(found) == [
        (f"outbound|9080|v1|{REVIEWS}", 0.75), (f"outbound|9080|v2|{REVIEWS}", 0.25),
    ]  # fmt: skip
    assert told.summary(found).endswith(f"(75%), outbound|9080|v2|{REVIEWS} (25%)")


def test_a_subset_that_nobody_defines_and_a_path_that_nobody_routes_are_refused():
    found = go("reviews/gone")
    assert found.outcome is Outcome.REFUSED
    assert "v9" in found.said
    assert found.said.startswith("503")
    assert go("reviews/other").said == f"404: no route of {REVIEWS}:9080 matches"


def test_tcp_goes_by_the_service_s_address():
    found = go("tcp://store:5432")
    assert [one.name for one in found.steps if one.kind == "listener"] == ["127.9.0.2_5432"]
    assert clusters(found) == [("outbound|5432||store.shop.svc.cluster.local", 1.0)]


def test_a_host_that_an_entry_declares_is_the_entry_s():
    entry = {
        "apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry",
        "metadata": {"name": "ext", "namespace": "shop"},
        "spec": {"hosts": ["api.example.com"], "addresses": ["10.9.0.0/24"], "resolution": "NONE",
                 "location": "MESH_EXTERNAL", "ports": [
                     {"number": 80, "name": "http", "protocol": "HTTP"},
                     {"number": 5000, "name": "tcp", "protocol": "TCP"}]},
    }  # fmt: skip
    known = objects.of([*APP, entry])
    mesh, _ = read(known)
    asker = source(known.pods, "front", "shop").proxy
    found = way(mesh, asker, parse("api.example.com/x"))
    assert decided(found)["virtual host"] == "serviceentry for api.example.com in shop"
    assert clusters(found) == [("outbound|80||api.example.com", 1.0)]
    plain = way(mesh, asker, parse("tcp://10.9.0.77:5000"))
    assert clusters(plain) == [("outbound|5000||api.example.com", 1.0)]
    assert [one.address for one in plain.landings[0].endpoints] == ["10.9.0.77:5000"]


def test_a_gateway_is_asked_where_its_service_is_dialled():
    stories = Path(__file__).parents[1] / "stories" / "gateway-http" / "objects.yaml"
    known = objects.of(codec.parse_yaml(stories.read_text()))
    mesh, _ = read(known)
    asker = source(known.pods, "edge-0", "istio-system").proxy

    def ask(to: str) -> Way:
        return way(mesh, asker, parse(to))

    found = ask("www.shop.example/x")  # port 80 of the Service is 8080 of the pod
    assert clusters(found) == [("outbound|9080||web.shop.svc.cluster.local", 1.0)]
    assert decided(found)["route"] == "virtualservice shop/all"
    assert ask("www.shop.example:8080/x").landings == found.landings
    redirected = ask("secure.example/x")
    assert (redirected.outcome, redirected.said.split()[0]) == (Outcome.ANSWERED, "301")
    assert ask("nobody.example/").said.startswith("404")
    assert ask("www.shop.example:81/").said == "nothing listens for port 81"


def test_what_no_service_claims_passes_through():
    assert clusters(go("example.com:4000")) == [("PassthroughCluster", 1.0)]
    assert clusters(go("example.com:9080")) == [("PassthroughCluster", 1.0)]
    assert clusters(go("10.1.2.3:5432")) == [("PassthroughCluster", 1.0)]


def test_tls_that_the_client_speaks_itself_is_not_read():
    found = go("https://reviews:9080/reviews")
    assert clusters(found) == [("PassthroughCluster", 1.0)]


def test_another_name_for_something_outside():
    found = go("outside/x")
    assert found.steps[0].because == "an alias of api.example.com"


def test_a_service_without_a_port_of_that_number_says_so():
    assert "it has no port 81 (only 9080)" in [one.because for one in go("reviews:81").steps]


def test_a_short_name_is_of_the_client_s_namespace():
    known = objects.of([*APP, pod("far", "elsewhere")])
    mesh, _ = read(known)
    asker = source(known.pods, "far.elsewhere", "shop").proxy
    assert way(mesh, asker, parse("reviews:9080/reviews")).steps[0].object == ""
    assert way(mesh, asker, parse("reviews.shop:9080/reviews")).steps[0].object


@pytest.mark.parametrize("word", ["front", "deploy/front", "shop/front", "front.shop", "pod/front"])
def test_who_asks_is_a_pod_or_a_workload(word):
    assert source(objects.of(APP).pods, word, "shop").proxy.workload.key == "front.shop"


def test_who_is_not_there_is_told_with_those_who_are():
    with pytest.raises(NotFound, match='no pod "frnt" in namespace shop; its pods are front, '):
        source(objects.of(APP).pods, "frnt", "shop")
    with pytest.raises(NotFound, match="where no pods are"):
        source(objects.of(APP).pods, "front", "elsewhere")
    with pytest.raises(NotFound, match='no statefulset "front"'):
        source(objects.of(APP).pods, "sts/front", "shop")


def test_one_on_the_node_s_network_has_no_way_of_its_own():
    one = pod("raw", "shop")
    one["spec"]["hostNetwork"] = True
    with pytest.raises(BadRequest, match="shares the node's network"):
        source(objects.of([one]).pods, "raw", "shop")


def test_an_object_that_cannot_be_read_is_named():
    broken = {"kind": "Service", "metadata": {"name": "x", "namespace": "y"}, "spec": {"ports": 1}}
    with pytest.raises(Malformed, match="service y/x: Expected `array`"):
        objects.of([broken])


@pytest.mark.parametrize(("to", "said"), [("", "''"), ("a b", "'a b'"), ("a:99999", "'a:99999'")])
def test_a_target_that_is_none_is_refused(to, said):
    with pytest.raises(BadRequest, match=f"{said} is not HOST"):
        parse(to)


def test_a_header_without_a_colon_is_refused():
    with pytest.raises(BadRequest, match="header 'x' is not NAME: VALUE"):
        parse("a", ["x"])


def test_as_json_has_all_that_is_told():
    document = told.as_json(go("reviews/split", "a: 1", "a: 2"))
    assert document["request"]["headers"] == {"a": "1, 2"}
    assert [one["share"] for one in document["clusters"]] == [0.75, 0.25]
    assert [one["step"] for one in document["steps"]] == [
        "host", "listener", "virtual host", "route", "cluster", "endpoints", "cluster", "endpoints",
    ]  # fmt: skip


def pod(name: str, namespace: str) -> dict:
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "c"}]},
    }  # fmt: skip
