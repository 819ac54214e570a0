"""What the validating webhook answers: a refusal, warnings, or nothing."""

import pytest

from telltale.inject.validate import SHOWN_MAX, Findings, validate
from telltale.inject.validator import configuration
from telltale.kube import codec
from telltale.kube.codec import dig

OBJECT = {"kind": "VirtualService", "metadata": {"name": "cart"}, "spec": {"hosts": ["cart"]}}


def review(operation="CREATE", object=OBJECT, old=None):
    return codec.encode({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "u", "namespace": "shop", "name": "cart", "operation": operation,
                    "object": object, "oldObject": old},
    })  # fmt: skip


def answer(data, *refusals, warnings=()):
    verdict = validate(data, lambda _: Findings(refusals, warnings))
    return codec.parse_object(verdict.body)["response"], verdict.line


def test_nothing_wrong_is_let_in():
    assert answer(review()) == ({"uid": "u", "allowed": True}, "virtualservice shop/cart: let in")


def test_one_mistake_is_one_line():
    told, line = answer(review(), "spec.hosts: empty")
    assert (told["allowed"], dig(told, "status", "message")) == (False, "spec.hosts: empty")
    assert line == "virtualservice shop/cart: refused: spec.hosts: empty"


def test_many_are_a_line_each_and_not_without_end():
    told, _ = answer(review(), *(f"mistake {one}" for one in range(SHOWN_MAX + 3)))
    lines = dig(told, "status", "message").split("\n")
    assert lines[:2] == ["", "  mistake 0"]
    assert lines[-1] == "  and 3 more"


def test_warnings_are_passed_on():
    told, _ = answer(review(), warnings=("old-fashioned",))
    assert told == {"uid": "u", "allowed": True, "warnings": ["old-fashioned"]}


def test_the_check_sees_the_namespace_that_a_body_leaves_out():
    seen = []
    validate(review(), lambda one: seen.append(one) or Findings())
    assert seen[0]["metadata"] == {"namespace": "shop", "name": "cart"}


def test_what_was_let_in_before_may_lose_its_finalizer():
    old = {**OBJECT, "metadata": {"name": "cart", "finalizers": ["x"]}}
    told, _ = answer(review("UPDATE", old=old), "spec.hosts: bad")
    assert told == {"uid": "u", "allowed": True, "warnings": ["spec.hosts: bad"]}
    changed = {**OBJECT, "spec": {"hosts": ["other"]}}
    told, _ = answer(review("UPDATE", changed, OBJECT), "spec.hosts: bad")
    assert told["allowed"] is False


@pytest.mark.parametrize("operation", ["DELETE", "CONNECT"])
def test_nothing_else_is_judged(operation):
    told, _ = answer(review(operation, None, OBJECT), "spec.hosts: bad")
    assert told["allowed"] is True


def test_what_is_no_review_is_refused():
    verdict = validate(b"{}", lambda _: Findings())
    assert not verdict.understood
    assert b'"allowed":false' in verdict.body


def test_a_lost_pilot_blocks_nothing():
    [hook] = configuration({"namespace": "s", "name": "p", "port": 443})["webhooks"]
    assert hook["failurePolicy"] == "Ignore"
    assert dig(hook, "rules", 0, "operations") == ["CREATE", "UPDATE"]
    assert "networking.istio.io" in dig(hook, "rules", 0, "apiGroups")
