"""Where nodes are, and which endpoints a Service wants to be used."""

import pytest

from telltale.kube import codec
from telltale.kube.cluster import Node
from telltale.kube.service import Service
from telltale.model.place import Place
from telltale.model.service import Nearness
from telltale.pilot.intake import nearness, nodes


def node(name: str, **labels: str) -> Node:
    spelled = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    return codec.convert(Node, {"metadata": {"name": name, "labels": spelled}})


def test_nodes_say_where_they_are():
    found = nodes.read([
        node("a", topology_kubernetes_io__region="eu", topology_kubernetes_io__zone="1",
             topology_istio_io__subzone="x"),
        node("b", **{"failure-domain_beta_kubernetes_io__zone": "2"}),
        node("c"),
    ])  # fmt: skip
    assert found == {"a": Place("eu", "1", "x"), "b": Place("", "2")}


@pytest.mark.parametrize("field, annotation, found", [
    ("", "", Nearness.ANY),
    ("PreferClose", "", Nearness.ZONE),
    ("PreferSameZone", "PreferSameNode", Nearness.ZONE),
    ("", "PreferClose", Nearness.ZONE),
    ("PreferSameNode", "", Nearness.NODE),
    ("", "Any", Nearness.ANY),
])  # fmt: skip
def test_a_service_says_how_near(field, annotation, found):
    problems = []
    assert nearness.read(service(field, annotation), problems) is found
    assert problems == []


def test_a_word_that_nobody_knows_is_told():
    problems = []
    assert nearness.read(service("Closest", ""), problems) is Nearness.ANY
    assert [one.field for one in problems] == ["spec.trafficDistribution"]


def service(field: str, annotation: str) -> Service:
    key = "networking.istio.io/traffic-distribution"
    return codec.convert(Service, {
        "metadata": {"name": "a", "namespace": "b", "annotations": {key: annotation}},
        "spec": {"trafficDistribution": field},
    })  # fmt: skip
