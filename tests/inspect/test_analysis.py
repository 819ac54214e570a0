"""`analyze` over files and over a cluster's objects."""

import importlib.util
import re
from pathlib import Path

import pytest

from telltale.inspect import objects
from telltale.inspect.analysis import at_least, of_cluster, of_files, worst
from telltale.kube import codec
from telltale.kube.positions import positions
from telltale.pilot.intake.analysis.codes import CODES
from telltale.pilot.intake.problem import Level

ROOT = Path(__file__).parents[2]
ROUTES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart}
spec:
  hosts: [cart]
  http:
  - retires: {attempts: 3}
    route:
    - destination:
        host: cart
        subset: v9
"""
RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart}
spec: {host: cart, subsets: [{name: v1, labels: {version: v1}}]}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
"""


def of(text, beside=None):
    return of_files(codec.parse_yaml(text), positions("f.yaml", text), "shop", beside)


def lines(findings):
    return [f"{one.source} {one.problem.code}" for one in findings]


def test_each_finding_has_its_line():
    assert lines(of(f"{ROUTES}---{SERVICE}---{RULE}")) == [
        "f.yaml:8 unknown-field", "f.yaml:12 subset-not-found",
    ]  # fmt: skip


def test_what_a_file_alone_cannot_tell_is_not_told():
    assert lines(of(ROUTES)) == ["f.yaml:8 unknown-field"]


def test_beside_a_cluster_it_can_be_told():
    cluster = objects.of(codec.parse_yaml(f"{SERVICE}---{RULE}"), "shop")
    assert "f.yaml:12 subset-not-found" in lines(of(ROUTES, cluster))
    assert "host-not-found" in lines(of(ROUTES, objects.of([])))[1]


def test_of_a_cluster_the_namespace_is_told_of_that_was_asked_for():
    whole = objects.of(codec.parse_yaml(f"{SERVICE}---{RULE}---{ROUTES}"), "shop")
    found = of_cluster(whole, [], "shop")
    assert {one.problem.object.namespace for one in found} == {"shop"}
    assert of_cluster(whole, [], "other") == []
    assert len(of_cluster(whole, [], "")) == len(found)
    assert worst(found) is Level.ERROR


def test_what_cannot_be_read_at_all_does_not_hide_the_rest():
    bad = "---\n{apiVersion: v1, kind: Service, metadata: {name: bad}, spec: {ports: 7}}\n"
    found = of(f"{ROUTES}{bad}")
    assert {one.problem.object.name for one in found} == {"cart", "bad"}


@pytest.mark.parametrize("path", [
    "samples/bookinfo/bookinfo.yaml", "tests/stories/bookinfo/objects.yaml",
    "tests/stories/canary/objects.yaml",
])  # fmt: skip
def test_there_are_no_false_alarms(path):
    text = (ROOT / path).read_text()
    found = of_files(codec.parse_yaml(text), positions(path, text), "default", None)
    assert [str(one) for one in found] == []
    whole = objects.of(codec.parse_yaml(text))
    assert [one for one in of_cluster(whole, [], "") if one.problem.level is Level.ERROR] == []


def test_the_page_of_codes_is_current():
    path = ROOT / "scripts" / "write_analysis.py"
    spec = importlib.util.spec_from_file_location("write_analysis", path)
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text() == script.page(), "run: python scripts/write_analysis.py"


def test_every_code_that_is_told_has_its_line():
    known = {one.name for one in CODES}
    for path in (ROOT / "telltale" / "pilot").rglob("*.py"):
        for code in re.findall(r'code="([a-z-]+)"', path.read_text()):
            assert code in known, path


def test_levels_are_in_order():
    assert at_least(Level.ERROR, Level.WARNING)
    assert not at_least(Level.INFO, Level.WARNING)
    assert worst([]) is None


def test_codes_are_names_and_each_stands_once():
    names = [one.name for one in CODES]
    assert len(names) == len(set(names))
    assert all(one.istio == "" or one.istio.startswith("IST0") for one in CODES)


WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {"sidecar.istio.io/inject": "false"}
spec:
  template:
    metadata:
      labels: {app: web}
      annotations: {%s}
    spec: {containers: [{name: app, image: app}]}
"""


def test_an_annotation_at_the_workload_and_not_at_its_template():
    [one] = of(WORKLOAD % "").copy()
    assert (one.problem.code, one.source) == ("annotation-misplaced", "f.yaml:6")
    assert one.problem.hint == "write it at the pod's template"


def test_an_annotation_that_the_injector_would_refuse():
    bad = '"traffic.sidecar.istio.io/excludeOutboundPorts": "80,x"'
    found = [one for one in of(WORKLOAD % bad) if one.problem.code == "annotation-invalid"]
    assert "'x' is not a port" in str(found[0])
    assert not [one for one in of(WORKLOAD % bad.replace(",x", ",443"))
                if one.problem.code == "annotation-invalid"]  # fmt: skip
