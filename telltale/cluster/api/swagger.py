"""The OpenAPI v2 document as the protobuf that kubectl falls back to (gnostic's). Pure.

Never: making the document (see `openapi`), or reading one. Field numbers: gnostic, OpenAPIv2.proto;
what the table does not name is left out, as v2 has no word for it.
"""

import struct

import orjson

from telltale.kube.codec import Json, Object

MEDIA = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
# kubectl asks by a name that is no MIME type.
ASKED = (MEDIA, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")

_Fields = dict[str, tuple[int, str]]
_MESSAGES: dict[str, _Fields] = {
    "Document": {
        "swagger": (1, "text"), "info": (2, "Info"), "paths": (8, "Paths"),
        "definitions": (9, "Schemas"),
    },
    "Info": {"title": (1, "text"), "version": (2, "text")},
    "PathItem": {
        "get": (2, "Operation"), "put": (3, "Operation"), "post": (4, "Operation"),
        "delete": (5, "Operation"), "patch": (8, "Operation"),
    },
    "Operation": {
        "operationId": (5, "text"), "produces": (6, "texts"), "consumes": (7, "texts"),
        "parameters": (8, "Parameters"), "responses": (9, "Responses"),
    },
    "Query": {
        "in": (2, "text"), "name": (4, "text"), "type": (6, "text"), "uniqueItems": (20, "bool"),
    },
    "Response": {"description": (1, "text"), "schema": (2, "SchemaItem")},
    "Schema": {
        "$ref": (1, "text"), "format": (2, "text"), "title": (3, "text"),
        "description": (4, "text"), "default": (5, "yaml"), "multipleOf": (6, "double"),
        "maximum": (7, "double"), "exclusiveMaximum": (8, "bool"), "minimum": (9, "double"),
        "exclusiveMinimum": (10, "bool"), "maxLength": (11, "int"), "minLength": (12, "int"),
        "pattern": (13, "text"), "maxItems": (14, "int"), "minItems": (15, "int"),
        "uniqueItems": (16, "bool"), "maxProperties": (17, "int"), "minProperties": (18, "int"),
        "required": (19, "texts"), "enum": (20, "yamls"), "additionalProperties": (21, "More"),
        "type": (22, "Type"), "items": (23, "Items"), "allOf": (24, "AllOf"),
        "properties": (25, "Schemas"),
    },
}  # fmt: skip
_EXTENSIONS = {"Operation": 13, "Schema": 31}
# Messages that only wrap one repeated pair of a name and a value: field number, the value's type.
_NAMED = {"Schemas": (1, "Schema"), "Paths": (2, "PathItem"), "Responses": (1, "ResponseValue")}
# Messages around one other: the field numbers on the way, and the type at the end.
_WRAPPED = {
    "SchemaItem": ((1,), "Schema"), "ResponseValue": ((1,), "Response"), "Type": ((1,), "text"),
    "Items": ((1,), "Schema"), "ParametersItem": ((1, 2, 3), "Query"),
}  # fmt: skip
_LISTS = {"texts": "text", "yamls": "yaml", "AllOf": "Schema", "Parameters": "ParametersItem"}


def encoded(document: Object) -> bytes:
    """The document's bytes."""
    return _message("Document", document)


def _message(name: str, value: Object) -> bytes:
    parts = [
        _field(*known, inner)
        for key, inner in value.items()
        if inner is not None and (known := _MESSAGES[name].get(key))
    ]
    extension = _EXTENSIONS.get(name)
    if extension:
        parts += [
            _bytes(extension, _named(key, _any(inner)))
            for key, inner in value.items()
            if key.startswith("x-")
        ]
    return b"".join(parts)


def _field(number: int, type: str, value: Json) -> bytes:
    """One field, or as many as a repeated one has elements."""
    if type in _LISTS:
        many = value if isinstance(value, list) else []
        return b"".join(_field(number, _LISTS[type], one) for one in many)
    if type == "bool":
        return _varint(number << 3) + _varint(1 if value is True else 0)
    if type == "int":
        return _varint(number << 3) + _varint(value if isinstance(value, int) else 0)
    if type == "double":
        real = value if isinstance(value, (int, float)) else 0
        return _varint(number << 3 | 1) + struct.pack("<d", float(real))
    return _bytes(number, _value(type, value))


def _value(type: str, value: Json) -> bytes:
    if type == "text":
        return str(value).encode()
    if type == "yaml":
        return _any(value)
    if type == "More":
        if isinstance(value, dict):
            return _field(1, "Schema", value)
        return _field(2, "bool", value)
    if type in _WRAPPED:
        (*outer, last), inner = _WRAPPED[type]
        made = _field(last, inner, value)
        for number in reversed(outer):
            made = _bytes(number, made)
        return made
    found = value if isinstance(value, dict) else {}
    if type in _NAMED:
        number, inner = _NAMED[type]
        return b"".join(
            _bytes(number, _named(name, _value(inner, one))) for name, one in found.items()
        )
    return _message(type, found)


def _named(name: str, value: bytes) -> bytes:
    return _bytes(1, name.encode()) + _bytes(2, value)


def _any(value: Json) -> bytes:
    """A value as YAML text, which JSON is."""
    return _bytes(2, orjson.dumps(value))


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
