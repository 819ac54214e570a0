"""The annotation by which a pod declares what it calls: what it takes, and what it says."""

import pytest

from telltale.kube.core import CALLS
from telltale.pilot.intake import calls
from telltale.pilot.intake.analysis.calls import check
from tests.pilot.intake.analysis.given import seen, told

POD = """
kind: Pod
apiVersion: v1
metadata: {name: web-1, namespace: shop, annotations: {telltale.dev/calls: "%s"}}
spec: {containers: [{name: app}]}
status: {phase: Running, podIP: 172.16.3.5, podIPs: [{ip: 172.16.3.5}]}
"""


def test_names_are_taken_in_any_order_and_only_once():
    given = " reviews, shop/* ,Ratings.other,*.example.com., reviews,"
    assert calls.read({CALLS: given}) == ("*.example.com", "ratings.other", "reviews", "shop/*")
    assert calls.read({CALLS: ""}) == ()
    assert calls.read({}) is None


@pytest.mark.parametrize("wrong", ["a b", "a//b", "/a", "a/", "a..b", "http://a", "a.*", "~/*"])
def test_a_value_that_cannot_be_followed_narrows_nothing(wrong: str):
    assert calls.read({CALLS: f"cart, {wrong}"}) is None
    assert calls.fault(f"cart, {wrong}") == f"{wrong!r} is not a host"


def test_there_is_a_limit():
    most = [f"a{number}" for number in range(calls.MOST)]
    assert calls.fault(",".join(most)) == ""
    assert calls.fault(",".join([*most, "b"])) == "501 names; at most 500 are taken"


def test_it_is_told():
    assert told(check(seen(POD % "cart, a b"))) == [
        "annotation-invalid: pod shop/web-1 metadata.annotations[telltale.dev/calls]: "
        "'a b' is not a host"
    ]
    assert told(check(seen(POD % "cart"))) == []


def test_it_reaches_the_mesh():
    workloads = seen(POD % "cart").mesh.workloads
    assert workloads["web-1.shop"].calls == ("cart",)
    assert workloads["cart-1.shop"].calls is None
