"""Lines of objects and fields."""

from telltale.kube import codec
from telltale.kube.positions import positions

TEXT = """# a comment
---
kind: A
spec:
  list:
  - x: 1
  - {y: 2,
     z: {"a.b": 3}}
---
---
kind: ThingList
items:
- kind: B
- kind: C
  name: c
"""


def test_each_object_has_its_place_in_the_order_of_the_reader():
    found = positions("f.yaml", TEXT)
    assert len(found) == len(codec.parse_yaml(TEXT))
    assert [one.at("") for one in found] == ["f.yaml:3", "f.yaml:13", "f.yaml:14"]


def test_a_field_has_its_line_or_that_of_what_is_above_it():
    first, *_ = positions("f.yaml", TEXT)
    assert [first.line(path) for path in (
        "kind", "spec.list", "spec.list[0].x", "spec.list[1].z", "spec.list[1].z.nothing",
        "spec.list[9]", "other")] == [3, 5, 6, 8, 8, 5, 3]  # fmt: skip


def test_what_is_no_yaml_has_no_places():
    assert positions("f", "a: [") == []
