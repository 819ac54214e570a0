"""JSON and YAML to typed objects and back: the only reader of raw JSON.

Never: I/O. Field names follow the API's camel case with its acronyms (`cluster_ip` is `clusterIP`).
Unknown fields are dropped when decoding into a type, so writers patch or work on `Json`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar, dataclass_transform

import msgspec
import orjson
import yaml

# Any JSON value. Deliberately not recursive: mypy handles the shallow form far better.
# msgspec cannot read a type that names itself, so at run time it is whatever JSON holds.
if TYPE_CHECKING:
    Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
else:
    Json = object
Object: TypeAlias = dict[str, Json]

T = TypeVar("T")

_ACRONYMS = {
    "api": "API", "ip": "IP", "ips": "IPs", "id": "ID", "uid": "UID", "uuid": "UUID",
    "cidr": "CIDR", "cidrs": "CIDRs", "url": "URL", "ipc": "IPC", "pid": "PID",
    "ca": "CA",
}  # fmt: skip


def wire_name(name: str) -> str:
    """`cluster_ip` to `clusterIP`: the API's spelling of a field."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in rest)


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Typed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=wire_name):
    """A frozen value of the API; every field has a default, as any may be absent there."""


class Malformed(ValueError):
    """Input that cannot be read; the message says where."""


def decode(kind: type[T], data: bytes | str) -> T:
    """JSON text to a typed value. Raises `Malformed`."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Malformed(str(error)) from error


def convert(kind: type[T], value: Json) -> T:
    """A JSON value already parsed to a typed value. Raises `Malformed`."""
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from error


def to_json(value: object) -> Json:
    """A typed value as plain JSON."""
    plain: Json = msgspec.to_builtins(value)
    return plain


def to_object(value: object) -> Object:
    """A typed value as a JSON object."""
    plain = to_json(value)
    assert isinstance(plain, dict)
    return plain


def encode(value: object) -> bytes:
    """Any typed value or plain JSON to JSON text."""
    return msgspec.json.encode(value)


def pretty(value: Json) -> str:
    """JSON text for people: indented by two."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def parse(data: bytes | str) -> Json:
    """JSON text to a JSON value. Raises `Malformed`."""
    try:
        value: Json = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(str(error)) from error
    return value


def parse_object(data: bytes | str) -> Object:
    """JSON text that must be an object. Raises `Malformed`."""
    value = parse(data)
    if not isinstance(value, dict):
        raise Malformed("expected a JSON object")
    return value


def parse_yaml(text: str | bytes) -> list[Object]:
    """All documents of a YAML (or JSON) stream; a `kind: List` is opened. Raises `Malformed`."""
    try:
        documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise Malformed(" ".join(str(error).split())) from error
    found: list[Object] = []
    for number, document in enumerate(documents, 1):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise Malformed(
                f"document {number}: expected an object, found {type(document).__name__}"
            )
        items = document.get("items") if str(document.get("kind", "")).endswith("List") else None
        found.extend(items if isinstance(items, list) else [document])
    return found


def to_yaml(documents: list[Object]) -> str:
    """Documents as one YAML stream."""
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)


def dig(value: Json, *path: str | int, default: Json = None) -> Json:
    """The value at a path of keys and indexes, or `default` when the path is not there."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return default
    return default if value is None else value
