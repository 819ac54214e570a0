"""Types as schemas of CustomResourceDefinitions."""

from typing import Annotated, Literal

import msgspec

from telltale.kube.istio.crds import definitions
from telltale.kube.istio.message import Message
from telltale.kube.schema import schema_of


class Inner(Message):
    """A part."""

    ratio: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0


class Outer(Message):
    source_ip: str = ""
    mode: Literal["A", "B"] = "A"
    inner: Inner | None = None
    many: list[Inner] = []
    labels: dict[str, str] = {}
    port: int | str = 0
    pattern: Annotated[str, msgspec.Meta(max_length=4)] | None = None


def test_fields_are_spelled_as_protobuf_does_and_bounds_are_kept():
    inner = {
        "type": "object",
        "description": "A part.",
        "properties": {"ratio": {"type": "number", "minimum": 0, "maximum": 100}},
    }
    assert schema_of(Outer) == {
        "type": "object",
        "properties": {
            "sourceIp": {"type": "string"},
            "mode": {"type": "string", "enum": ["A", "B"]},
            "inner": inner,
            "many": {"type": "array", "items": inner},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "port": {"x-kubernetes-int-or-string": True},
            "pattern": {"type": "string", "maxLength": 4},
        },
    }


def test_every_kind_has_a_definition_that_a_cluster_takes():
    names = {one["metadata"]["name"]: one for one in definitions()}
    found = names["virtualservices.networking.istio.io"]["spec"]
    assert [(one["name"], one["storage"]) for one in found["versions"]] == [
        ("v1", True), ("v1beta1", False), ("v1alpha3", False),
    ]  # fmt: skip
    assert found["names"]["shortNames"] == ["vs"]
