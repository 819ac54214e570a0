"""Annotations of Istio's names that have no effect, or another than meant."""

import pytest

from telltale.pilot.intake.analysis.annotation_names import LABELS, NAMES
from telltale.pilot.intake.analysis.annotations import check
from tests.pilot.intake.analysis.given import seen, told

TEXT = """
apiVersion: v1
kind: %s
metadata: {name: it, namespace: shop, annotations: {"%s": "x"}}
spec: {}
"""


def checked(kind: str, name: str) -> list[str]:
    return [one.split(" ", 1)[0].rstrip(":") + one.split("]", 1)[1]
            for one in told(check(seen(TEXT % (kind, name))))]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "expected"), [
    ("Pod", "sidecar.istio.io/proxyCpu", "annotation-unknown: is not known"),
    ("Pod", "sidecar.istio.io/bootstrapOverride",
     "annotation-not-followed: is not followed by Telltale"),
    ("Pod", "sidecar.istio.io/inject", "annotation-deprecated: is deprecated"),
    ("Pod", "topology.istio.io/network",
     "annotation-misplaced: is a label, not an annotation"),
    ("Service", "sidecar.istio.io/proxyCPU",
     "annotation-misplaced: belongs to a Pod, not to a Service"),
    ("Service", "alpha.istio.io/identity",
     "annotation-not-followed: is not followed by Telltale"),
    ("Pod", "networking.istio.io/exportTo",
     "annotation-misplaced: belongs to a Service, not to a Pod"),
])  # fmt: skip
def test_it_is_told(kind: str, name: str, expected: str):
    assert checked(kind, name) == [expected]


@pytest.mark.parametrize(("kind", "name"), [
    ("Pod", "sidecar.istio.io/proxyCPU"), ("Pod", "proxy.istio.io/config"),
    ("Pod", "istio.io/rev"), ("Service", "istio.io/rev"),
    ("Service", "networking.istio.io/exportTo"),
    ("Pod", "my-istio.io/anything"), ("Pod", "prometheus.io/scrape"),
    ("Service", "galley.istio.io/analyze-suppress"), ("Pod", "internal.istio.io/x"),
])  # fmt: skip
def test_what_is_right_or_not_istio_s_is_left_alone(kind: str, name: str):
    assert checked(kind, name) == []


def test_a_wrong_letter_is_told_with_the_right_name():
    [one] = check(seen(TEXT % ("Pod", "sidecar.istio.io/proxyCpu")))
    assert one.hint == "did you mean sidecar.istio.io/proxyCPU?"


def test_no_name_is_a_label_and_an_annotation():
    assert not set(LABELS) & set(NAMES)
