"""One object by itself: everything that is wrong with it, at once, with the field and a way out."""

import pytest

from telltale.kube import codec
from telltale.pilot.intake.checks import READERS, check
from telltale.pilot.intake.problem import Level


def checked(text):
    [object] = codec.parse_yaml(text)
    return check(object)


def test_every_fault_of_a_virtual_service_is_told_at_once():
    found = checked("""
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http:
  - retires: {attempts: 3}
    timeout: 5 s
    route: [{destination: {host: cart}, weigth: 10}]
""")
    assert [str(one) for one in found] == [
        "virtualservice shop/cart: spec.http[0].retires: unknown field: it has no effect;"
        " did you mean retries?",
        'virtualservice shop/cart: spec.http[0].timeout: "5 s" is not well-formed:'
        " the object is left out; write a duration: 1.5s, 10ms, 1h",
        "virtualservice shop/cart: spec.http[0].route[0].weigth: unknown field: it has no effect;"
        " did you mean weight?",
    ]
    assert {one.level for one in found} == {Level.ERROR}
    assert [one.code for one in found] == ["unknown-field", "wrong-value", "unknown-field"]


def test_a_good_object_has_no_problem():
    assert checked("""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, subsets: [{name: v1, labels: {version: v1}}]}
""") == ()  # fmt: skip


@pytest.mark.parametrize("text", [
    "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {nonsense: 1}}",
    "{apiVersion: other.io/v1, kind: VirtualService, metadata: {name: a}, spec: {nonsense: 1}}",
    "{kind: VirtualService}",
    "{}",
])  # fmt: skip
def test_other_kinds_are_not_ours_to_judge(text):
    assert checked(text) == ()


@pytest.mark.parametrize("kind", READERS, ids=lambda kind: kind.kind)
@pytest.mark.parametrize("rest", [
    {}, {"metadata": 1}, {"metadata": {"name": 1}}, {"spec": []}, {"spec": {"hosts": {}}},
    {"metadata": {"name": "a"}, "spec": {"host": None, "selector": 3, "http": [[]]}},
])  # fmt: skip
def test_nothing_that_a_user_writes_is_raised(kind, rest):
    object = {"apiVersion": kind.api_version, "kind": kind.kind, **rest}
    assert all(one.what and one.hint for one in check(object))
