"""Pods that are in the mesh, or are not."""

import pytest

from telltale.pilot.intake.analysis.proxies import check
from tests.pilot.intake.analysis.given import seen, told

TEXT = """
apiVersion: v1
kind: Namespace
metadata: {name: bare, labels: {%s}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: bare, labels: {%s}}
spec: {containers: [{name: app%s}]}
status: {phase: Running}
"""


def checked(namespace="", pod="", container=""):
    return told(check(seen(TEXT % (namespace, pod, container))))


def test_a_namespace_that_nobody_chose():
    assert checked() == [
        "namespace-not-injected: namespace bare metadata.labels: 1 pods without a sidecar, and no"
        " label istio-injection"
    ]


def test_a_pod_without_a_proxy_where_all_should_have_one():
    assert checked("istio-injection: enabled") == [
        "pod-without-proxy: pod bare/p spec.containers: has no istio-proxy, though namespace bare"
        " is labelled istio-injection=enabled"
    ]


@pytest.mark.parametrize(("namespace", "pod"), [
    ("istio-injection: disabled", ""),
    ("istio-injection: enabled", '"sidecar.istio.io/inject": "false"'),
    ("", '"sidecar.istio.io/inject": "false"'),
])  # fmt: skip
def test_who_wants_none_is_left_alone(namespace, pod):
    assert checked(namespace, pod) == []


def test_two_labels_that_choose():
    [first, *_] = checked("istio-injection: enabled, istio.io/rev: a")
    assert first.startswith("namespace-labels-conflict: namespace bare")


def test_an_application_with_the_proxys_user():
    text = TEXT % ("istio-injection: enabled", "", ", securityContext: {runAsUser: 1337}},"
                                                   " {name: istio-proxy")  # fmt: skip
    [problem] = check(seen(text))
    assert problem.code == "proxy-user"


def test_a_template_in_a_file_is_no_pod_without_a_proxy():
    text = """
apiVersion: v1
kind: Namespace
metadata: {name: bare, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: bare}
spec: {template: {spec: {containers: [{name: app}]}}}
"""
    assert told(check(seen(text))) == []
