"""A Kubernetes protobuf body (`k8s\\0` and a runtime.Unknown) to the JSON that it stands for. Pure.

Never: a guess; a kind that `fields.txt` does not know, or bytes cut short, raise `Malformed`.
Fields unknown to the table are skipped, as protobuf demands.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime

from telltale.kube.codec import Json, Malformed, Object
from telltale.kube.wire.messages import Field, Shape, messages
from telltale.lib.moment import rfc3339

MAGIC = b"k8s\x00"
_DEEPEST = 64

Raw = int | bytes


def decode(body: bytes) -> Object:
    """The object in `body`, with its apiVersion and kind. Raises `Malformed`."""
    if not body.startswith(MAGIC):
        raise Malformed("provided data does not appear to be a protobuf message: no k8s prefix")
    api_version, kind, raw = "", "", b""
    for number, value in _parts(body[len(MAGIC) :]):
        if number == 1:
            type_meta = dict(_parts(_bytes(value)))
            api_version = _bytes(type_meta.get(1, b"")).decode()
            kind = _bytes(type_meta.get(2, b"")).decode()
        elif number == 2:
            raw = _bytes(value)
    if kind not in messages():
        raise Malformed(f"no protobuf message known for kind {kind!r} in version {api_version!r}")
    return {"apiVersion": api_version, "kind": kind, **_message(kind, raw, 0)}


def _message(name: str, data: bytes, depth: int) -> Object:
    if depth > _DEEPEST:
        raise Malformed("exceeded max depth")
    known = messages()[name]
    found: Object = {}
    for number, value in _parts(data):
        field = known.get(number)
        if field is None:
            continue
        if field.shape is Shape.MAP:
            _map_entry(found, field, value, depth)
        elif field.shape is Shape.LIST:
            listed = found.setdefault(field.name, [])
            assert isinstance(listed, list)
            listed.extend(_listed(field.type, value, depth))
        elif field.name == "*":
            inlined = _value(field.type, value, depth)
            found.update(inlined if isinstance(inlined, dict) else {})
        else:
            found[field.name] = _value(field.type, value, depth)
    return {key: value for key, value in found.items() if value not in ("", None)}


def _map_entry(found: Object, field: Field, value: Raw, depth: int) -> None:
    entry = dict(_parts(_bytes(value)))
    target = found.setdefault(field.name, {})
    assert isinstance(target, dict)
    target[_bytes(entry.get(1, b"")).decode()] = _value(field.type, entry.get(2, b""), depth)


def _listed(type: str, value: Raw, depth: int) -> list[Json]:
    """One element; or several, where numbers are packed."""
    if type == "int" and isinstance(value, bytes):
        numbers: list[Json] = []
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            numbers.append(_signed(number))
        return numbers
    return [_value(type, value, depth)]


def _value(type: str, value: Raw, depth: int) -> Json:
    match type:
        case "string":
            return _text(_bytes(value))
        case "bytes":
            return base64.b64encode(_bytes(value)).decode()
        case "bool":
            return bool(value)
        case "int":
            return _signed(value) if isinstance(value, int) else 0
        case "Quantity":
            return _text(_bytes(dict(_parts(_bytes(value))).get(1, b"")))
        case "Time" | "MicroTime":
            return _time(_bytes(value))
        case "IntOrString":
            parts = dict(_parts(_bytes(value)))
            if parts.get(1):
                return _text(_bytes(parts.get(3, b"")))
            whole = parts.get(2, 0)
            return _signed(whole) if isinstance(whole, int) else 0
        case "FieldsV1":
            return None
        case _:
            return _message(type, _bytes(value), depth + 1)


def _time(data: bytes) -> Json:
    seconds = dict(_parts(data)).get(1)
    if not isinstance(seconds, int):
        return None
    try:
        return rfc3339(datetime.fromtimestamp(_signed(seconds), UTC))
    except (ValueError, OverflowError) as error:
        raise Malformed(f"a time out of range: {_signed(seconds)} s") from error


def _parts(data: bytes) -> Iterator[tuple[int, Raw]]:
    """The (field number, value) pairs of a message: varints as int, everything else as bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise Malformed(f"protobuf: unknown wire type {kind}")
        if at + size > len(data):
            raise Malformed("protobuf: unexpected end of data")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed("protobuf: unexpected end of data")


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def _bytes(value: Raw) -> bytes:
    if isinstance(value, int):
        raise Malformed("protobuf: a number where bytes belong")
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("protobuf: a string that is not UTF-8") from error
