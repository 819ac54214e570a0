"""A typed value's type as the structural schema of a CustomResourceDefinition. Pure.

(kubernetes.io, "Specifying a structural schema": no references, every object typed.) Constraints
come from `msgspec.Meta` and a message's `demands`; descriptions from docstrings, a class's own and
the string that stands under a field. Never: a rule that no type says.
"""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import inspect as types

from telltale.kube.codec import Json, Object
from telltale.kube.demands import as_json, demands_of, is_required

T = TypeVar("T")


@cache
def schema_of(shape: type[msgspec.Struct]) -> Object:
    """The schema of a struct, with those of all its fields in place."""
    found = types.type_info(shape)
    assert isinstance(found, types.StructType)
    return _struct(found)


def _struct(shape: types.StructType) -> Object:
    told = field_docs(shape.cls)
    properties: Object = {
        one.encode_name: _described(_schema(one.type), told.get(one.name)) for one in shape.fields
    }
    found: Object = {"type": "object", "properties": properties}
    return _described(found | _demanded(shape), shape.cls.__dict__.get("__doc__"))


def _described(schema: Object, text: str | None) -> Object:
    """A field's own words go before those of its type."""
    if text:
        schema = {**schema, "description": " ".join(inspect.cleandoc(text).split())}
    return schema


@cache
def field_docs(shape: type) -> Mapping[str, str]:
    """The string that stands under each field, from the source; a subclass has its parents' too."""
    found: dict[str, str] = {}
    for one in reversed(shape.__mro__):
        if issubclass(one, msgspec.Struct) and one is not msgspec.Struct:
            found |= _own_docs(one)
    return found


def _own_docs(shape: type) -> dict[str, str]:
    try:
        source = inspect.getsource(shape)
    except OSError:
        return {}  # installed without its source: the schema is the same, but silent
    [parsed] = ast.parse(textwrap.dedent(source)).body
    assert isinstance(parsed, ast.ClassDef)
    return {
        field.target.id: text.value.value
        for field, text in zip(parsed.body, parsed.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }  # fmt: skip


def _demanded(shape: types.StructType) -> Object:
    """Required fields, alternatives and CEL rules, as Istio's own definitions write them."""
    wanted = demands_of(shape.cls)
    wire = {one.name: one.encode_name for one in shape.fields}
    found: Object = {}
    if required := [one.encode_name for one in shape.fields if is_required(shape, one)]:
        found["required"] = [*required]
    choices: list[Json] = [_at_most_one([wire[one] for one in group]) for group in wanted.one_of]
    if len(choices) == 1:
        found["oneOf"] = choices[0]
    elif choices:
        found["allOf"] = [{"oneOf": one} for one in choices]
    if wanted.cel:
        found["x-kubernetes-validations"] = as_json(*wanted.cel)
    return found


def _at_most_one(names: list[str]) -> Json:
    given: list[Json] = [{"required": [one]} for one in names]
    return [{"not": {"anyOf": given}}, *given]


def _schema(shape: types.Type) -> Object:
    match shape:
        case types.Metadata():
            return _schema(shape.type) | (shape.extra_json_schema or {})
        case types.StructType():
            return _struct(shape)
        case types.UnionType():
            return _union(shape)
        case types.ListType() | types.VarTupleType():
            return {**_bounded("array", minItems=getattr(shape, "min_length", None),
                               maxItems=getattr(shape, "max_length", None)),
                    "items": _schema(shape.item_type)}
        case types.DictType():
            inner = _schema(shape.value_type)
            return {**_bounded("object", maxProperties=shape.max_length),
                    "additionalProperties": inner}
        case types.LiteralType():
            return {"type": "string", "enum": list(shape.values)}
        case types.StrType():
            return _bounded("string", pattern=shape.pattern, minLength=shape.min_length,
                            maxLength=shape.max_length)  # fmt: skip
        case types.IntType():
            free = shape.ge is None and shape.le is None
            return _bounded("integer", minimum=shape.ge, maximum=shape.le,
                            format="int32" if free else None)  # fmt: skip
        case types.FloatType():
            return _bounded("number", minimum=shape.ge, maximum=shape.le, format="double")
        case types.BoolType():
            return {"type": "boolean"}
        case _:
            return {"x-kubernetes-preserve-unknown-fields": True}


def _union(shape: types.UnionType) -> Object:
    """`X | None` is an X that may be absent; a number or a string is Kubernetes' int-or-string."""
    rest = [one for one in shape.types if not isinstance(one, types.NoneType)]
    if len(rest) == 1:
        return _schema(rest[0])
    if {type(one) for one in rest} == {types.IntType, types.StrType}:
        return {"x-kubernetes-int-or-string": True}
    return {"x-kubernetes-preserve-unknown-fields": True}


def _bounded(kind: str, **bounds: Json) -> Object:
    return {"type": kind, **{name: value for name, value in bounds.items() if value is not None}}
