"""Types as schemas of CustomResourceDefinitions."""

from typing import Annotated, ClassVar, Literal

import msgspec
import pytest

from telltale.kube.demands import Cel, Demands
from telltale.kube.gatewayapi import kinds as gateway_api
from telltale.kube.istio import kinds as istio
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
        "properties": {
            "ratio": {"type": "number", "minimum": 0, "maximum": 100, "format": "double"}
        },
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


class Documented(Message):
    """A whole."""

    demands: ClassVar[Demands] = Demands(
        required=("first",), one_of=(("second_one", "third"),), cel=(Cel("self.first", "say it"),)
    )

    first: bool = False
    """Said of the
    first."""
    second_one: Inner | None = None
    """Said of the second, in place of what its type says."""
    third: str = ""


def test_the_string_under_a_field_describes_it_and_demands_are_rules():
    found = schema_of(Documented)
    assert found["properties"]["first"]["description"] == "Said of the first."
    assert found["properties"]["secondOne"]["description"].startswith("Said of the second")
    assert "description" not in found["properties"]["third"]
    assert found["required"] == ["first"]
    alternatives = [{"required": ["secondOne"]}, {"required": ["third"]}]
    assert found["oneOf"] == [{"not": {"anyOf": alternatives}}, *alternatives]
    assert found["x-kubernetes-validations"] == [{"rule": "self.first", "message": "say it"}]


@pytest.mark.parametrize(
    "spec",
    [one.spec for one in (*istio.DEFINITIONS, *gateway_api.DEFINITIONS)],
)
def test_kubectl_explains_every_field(spec):
    def silent(schema, path):
        for name, one in schema.get("properties", {}).items():
            if not one.get("description"):
                yield f"{path}.{name}"
            yield from silent(one, f"{path}.{name}")
            yield from silent(one.get("items", {}), f"{path}.{name}[]")

    assert list(silent(schema_of(spec), spec.__name__)) == []
