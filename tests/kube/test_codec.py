"""JSON and YAML to typed values and back."""

import pytest

from telltale.kube import codec
from telltale.kube.codec import Malformed
from telltale.kube.core import Pod
from telltale.kube.service import ServiceSpec


@pytest.mark.parametrize(
    ("name", "wire"),
    [("cluster_ip", "clusterIP"), ("pod_ips", "podIPs"), ("host_pid", "hostPID"),
     ("uid", "uid"), ("generate_name", "generateName"), ("continue_", "continue")],
)  # fmt: skip
def test_fields_are_spelt_as_the_api_spells_them(name: str, wire: str):
    assert codec.wire_name(name) == wire


def test_what_has_its_default_is_left_out_and_what_is_unknown_is_dropped():
    spec = codec.decode(ServiceSpec, b'{"clusterIP": "172.19.0.10", "fromTheFuture": {"a": 1}}')
    assert codec.to_object(spec) == {"clusterIP": "172.19.0.10"}


@pytest.mark.parametrize("text", ["{", '{"metadata": {"name": 5}}', '{"status": "Running"}'])
def test_what_does_not_fit_is_malformed_and_says_where(text: str):
    with pytest.raises(Malformed) as caught:
        codec.decode(Pod, text)
    assert str(caught.value)


def test_a_stream_of_documents_with_a_list_inside():
    text = """
kind: A
---
---
kind: List
items: [{kind: B}, {kind: C}]
---
{"kind": "PodList", "items": []}
"""
    assert [one["kind"] for one in codec.parse_yaml(text)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: b: c", "line 1"), ("kind: A\n---\njust words", "document 2"), ("- a", "document 1")],
)
def test_bad_yaml_says_where_in_one_line(text: str, said: str):
    with pytest.raises(Malformed) as caught:
        codec.parse_yaml(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_yaml_round_trip_keeps_order_and_types():
    documents = [{"b": 1, "a": "1", "c": None}, {"on": "yes", "port": "080"}]
    text = codec.to_yaml(documents)
    assert codec.parse_yaml(text) == documents
    assert text.index("b:") < text.index("a:")


@pytest.mark.parametrize(
    ("path", "found"),
    [(("a", 0, "b"), 1), (("a", -1, "b"), 1), (("a", 5), "-"), (("a", "b"), "-"), (("n",), "-"),
     (("f",), False), ((), {"a": [{"b": 1}], "n": None, "f": False})],
)  # fmt: skip
def test_digging_never_fails(path, found):
    value = {"a": [{"b": 1}], "n": None, "f": False}
    assert codec.dig(value, *path, default="-") == found
