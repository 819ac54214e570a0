"""Images of proxies that nobody fills in, or that new pods do not have any more."""

import pytest

from telltale.pilot.intake.analysis.images import check
from tests.pilot.intake.analysis.given import seen, told

GATEWAY = """
apiVersion: v1
kind: Namespace
metadata: {name: edge, labels: {%s}}
---
apiVersion: v1
kind: Pod
metadata: {name: gw, namespace: %s, labels: {%s}}
spec: {containers: [{name: istio-proxy, image: auto}]}
"""
OFF, ON = '"sidecar.istio.io/inject": "false"', '"sidecar.istio.io/inject": "true"'


@pytest.mark.parametrize(("namespace", "place", "pod", "ends"), [
    ("", "edge", "", "namespace edge has no label istio-injection=enabled"),
    ("istio-injection: disabled", "edge", "", "has no label istio-injection=enabled"),
    ("istio-injection: enabled", "edge", OFF, "the pod has label sidecar.istio.io/inject=false"),
    ("", "elsewhere", OFF, "the pod has label sidecar.istio.io/inject=false"),
])  # fmt: skip
def test_auto_that_nobody_fills_in(namespace: str, place: str, pod: str, ends: str):
    [one] = told(check(seen(GATEWAY % (namespace, place, pod))))
    assert one.startswith("image-auto: ")
    assert one.endswith(ends)


@pytest.mark.parametrize(("namespace", "place", "pod"), [
    ("istio-injection: enabled", "edge", ""), ("", "edge", ON), ("", "elsewhere", ""),
])  # fmt: skip
def test_auto_that_is_filled_in_or_may_be(namespace: str, place: str, pod: str):
    assert told(check(seen(GATEWAY % (namespace, place, pod)))) == []


POD = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data: {values: "global: {proxy: {image: proxy:2}}"}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, annotations: {"sidecar.istio.io/status": "{}"%s}}
spec: {containers: [{name: app, image: app:1}, {name: istio-proxy, image: "proxy:%s"}]}
"""


def test_a_sidecar_of_an_older_image():
    assert told(check(seen(POD % ("", 1)))) == [
        "proxy-image-differs: pod shop/web spec.containers[istio-proxy].image: is proxy:1, and new"
        " pods have proxy:2"
    ]
    assert told(check(seen(POD % ("", 2)))) == []
    assert told(check(seen(POD % (', "sidecar.istio.io/proxyImage": "proxy:1"', 1)))) == []
