"""What the API server asks, and what it is answered."""

import base64
import json

import jsonpatch
import pytest

from telltale.inject.review import Verdict, review
from telltale.inject.settings import SidecarSettings
from telltale.kube import codec
from telltale.kube.codec import Json, Object, dig

SETTINGS = SidecarSettings(proxy_image="telltale/proxyv2:1.0")
POD: Object = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"generateName": "details-v1-5-", "labels": {"app": "details"}},
    "spec": {"containers": [{"name": "details", "image": "details"}]},
}


def ask(pod: Json, **changes: Json) -> Verdict:
    request: Object = {
        "uid": "u-1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "default",
        "operation": "CREATE", "object": pod, **changes,
    }  # fmt: skip
    asked: Object = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return review(codec.encode({**asked, "request": request}), SETTINGS)


def response(verdict: Verdict) -> Object:
    answer = codec.parse_object(verdict.body)
    assert (answer["apiVersion"], answer["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    found = answer["response"]
    assert isinstance(found, dict)
    return found


def test_a_pod_is_injected_by_a_json_patch() -> None:
    verdict = ask(POD)
    answer = response(verdict)
    assert (answer["uid"], answer["allowed"], answer["patchType"]) == ("u-1", True, "JSONPatch")
    patch = json.loads(base64.b64decode(str(answer["patch"])))
    assert all(one["op"] in ("add", "replace") for one in patch)
    patched: Json = jsonpatch.JsonPatch(patch).apply(POD)
    names = [dig(patched, "spec", "containers", at, "name") for at in range(2)]
    assert names == ["details", "istio-proxy"]
    assert verdict.line == "pod default/details-v1-5 is injected: injection is the default"


def test_a_pod_that_wants_none_is_let_through_with_the_reason_in_the_log() -> None:
    verdict = ask({**POD, "metadata": {"labels": {"sidecar.istio.io/inject": "false"}}})
    assert response(verdict) == {"uid": "u-1", "allowed": True}
    assert "is not injected: the pod has label sidecar.istio.io/inject=false" in verdict.line


def test_a_pod_injected_before_stays_as_it_is() -> None:
    patch = base64.b64decode(str(response(ask(POD))["patch"]))
    injected: Json = jsonpatch.JsonPatch(json.loads(patch)).apply(POD)
    assert response(ask(injected)) == {"uid": "u-1", "allowed": True}


@pytest.mark.parametrize("operation", ["UPDATE", "DELETE"])
def test_only_creation_is_looked_at(operation: str) -> None:
    assert response(ask(POD, operation=operation)) == {"uid": "u-1", "allowed": True}


def test_a_pod_that_asks_for_the_impossible_is_refused() -> None:
    notes = {"traffic.sidecar.istio.io/excludeOutboundPorts": "80,abc"}
    answer = response(ask({**POD, "metadata": {"name": "p", "annotations": dict(notes)}}))
    assert (answer["uid"], answer["allowed"]) == ("u-1", False)
    assert dig(answer, "status", "code") == 400
    message = dig(answer, "status", "message")
    assert message == (
        "pod default/p cannot be injected: annotation "
        "traffic.sidecar.istio.io/excludeOutboundPorts: 'abc' is not a port (1-65535); "
        "accepted are ports separated by commas"
    )


def test_clashes_come_back_as_warnings() -> None:
    clashing: Object = {"name": "a", "ports": [{"containerPort": 15001}]}
    answer = response(ask({**POD, "spec": {"containers": [clashing]}}))
    assert answer["allowed"] is True
    assert answer["warnings"] == [
        "pod default/details-v1-5: container a has port 15001, which the sidecar needs"
    ]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an AdmissionReview"),
        (b"{", "not an AdmissionReview"),
        (b"[]", "not an AdmissionReview"),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1"}',
         "expected admission.k8s.io/v1 AdmissionReview, found admission.k8s.io/v1beta1"),
        (b'{"kind":"Pod","apiVersion":"v1"}', "found v1 Pod"),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}', "no request.uid"),
        (b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":7}}',
         "Expected `str`"),
    ],
)  # fmt: skip
def test_what_is_no_review_gets_one_that_says_so(data: bytes, says: str) -> None:
    verdict = review(data, SETTINGS)
    assert not verdict.understood
    answer = response(verdict)
    assert answer["allowed"] is False
    assert says in str(dig(answer, "status", "message"))


@pytest.mark.parametrize(
    "pod",
    [
        {"kind": "Pod"}, {"metadata": [], "spec": {"containers": [{"name": "a"}]}},
        {"spec": {"containers": {"a": 1}}}, {"spec": {"containers": [1]}},
        {"metadata": {"labels": 3, "annotations": "x"}, "spec": {"containers": [{"name": 1}]}},
        {"metadata": {"ownerReferences": {}}, "spec": {"containers": [{"ports": [None]}]}},
        {"metadata": {"annotations": {"proxy.istio.io/config": 5}},
         "spec": {"containers": [{"name": "a", "readinessProbe": {"httpGet": 1}}]}},
    ],
)  # fmt: skip
def test_an_odd_pod_is_answered_one_way_or_the_other(pod: Object) -> None:
    assert isinstance(response(ask(pod))["allowed"], bool)
