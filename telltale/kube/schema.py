"""A typed value's type as the structural schema of a CustomResourceDefinition. Pure.

(kubernetes.io, "Specifying a structural schema": no references, every object typed.) Constraints
come from `msgspec.Meta`, descriptions from docstrings. Never: a rule that no type says.
"""

import inspect
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import inspect as types

from telltale.kube.codec import Json, Object

T = TypeVar("T")


@cache
def schema_of(shape: type[msgspec.Struct]) -> Object:
    """The schema of a struct, with those of all its fields in place."""
    found = types.type_info(shape)
    assert isinstance(found, types.StructType)
    return _struct(found)


def _struct(shape: types.StructType) -> Object:
    properties: Object = {one.encode_name: _schema(one.type) for one in shape.fields}
    found: Object = {"type": "object", "properties": properties}
    if required := [one.encode_name for one in shape.fields if _required(one.type)]:
        found["required"] = list(required)
    own = shape.cls.__dict__.get("__doc__")
    if own:
        found["description"] = " ".join(inspect.cleandoc(own).split())
    return found


def _required(shape: types.Type) -> bool:
    """Said by `msgspec.Meta(extra={"required": True})`: every field of ours has a default."""
    return isinstance(shape, types.Metadata) and bool((shape.extra or {}).get("required"))


def _schema(shape: types.Type) -> Object:
    match shape:
        case types.Metadata():
            return _schema(shape.type) | (shape.extra_json_schema or {})
        case types.StructType():
            return _struct(shape)
        case types.UnionType():
            return _union(shape)
        case types.ListType() | types.VarTupleType():
            return {"type": "array", "items": _schema(shape.item_type)}
        case types.DictType():
            return {"type": "object", "additionalProperties": _schema(shape.value_type)}
        case types.LiteralType():
            return {"type": "string", "enum": list(shape.values)}
        case types.StrType():
            return _bounded("string", pattern=shape.pattern, minLength=shape.min_length,
                            maxLength=shape.max_length)  # fmt: skip
        case types.IntType():
            return _bounded("integer", minimum=shape.ge, maximum=shape.le)
        case types.FloatType():
            return _bounded("number", minimum=shape.ge, maximum=shape.le)
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
