"""All that an object's type does not take: unknown fields, wrong types, bounds. Pure.

`codec.convert` stops at the first fault and passes over fields that it does not know; people want
all of them at once, each with its path and what is near. Never: raised, or a kind's meaning.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache

from msgspec import Struct, inspect as types

from telltale.kube.codec import Json
from telltale.kube.demands import demands_of, is_required


class Why(StrEnum):
    UNKNOWN = "unknown"
    TYPE = "type"
    VALUE = "value"
    MISSING = "missing"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a path of the object; `hint` is the way out."""

    why: Why
    path: str
    what: str
    hint: str


def faults(shape: type[Struct], value: Json, path: str = "") -> list[Fault]:
    """All of them, in the order of the text."""
    return list(_any(_described(shape), value, path))


@cache
def _described(shape: type[Struct]) -> types.Type:
    return types.type_info(shape)


def _any(shape: types.Type, value: Json, path: str) -> Iterator[Fault]:
    match shape:
        case types.Metadata():
            yield from _any(shape.type, value, path)
        case types.UnionType():
            yield from _union(shape, value, path)
        case types.StructType():
            if isinstance(value, dict):
                yield from _struct(shape, value, path)
            else:
                yield _mistyped(path, value, "an object")
        case types.ListType() | types.VarTupleType():
            if isinstance(value, list):
                yield from _count(shape, len(value), path)
                for index, one in enumerate(value):
                    yield from _any(shape.item_type, one, f"{path}[{index}]")
            else:
                yield _mistyped(path, value, "a list")
        case types.DictType():
            if isinstance(value, dict):
                yield from _count(shape, len(value), path)
                for key, one in value.items():
                    yield from _any(shape.value_type, one, f"{path}[{key}]")
            else:
                yield _mistyped(path, value, "an object")
        case _:
            yield from _leaf(shape, value, path)


def _count(shape: types.Type, count: int, path: str) -> Iterator[Fault]:
    least, most = getattr(shape, "min_length", None), getattr(shape, "max_length", None)
    if least is not None and count < least:
        yield Fault(Why.VALUE, path, f"{count} of them", f"at least {least} are needed")
    if most is not None and count > most:
        yield Fault(Why.VALUE, path, f"{count} of them", f"at most {most} are taken")


def _union(shape: types.UnionType, value: Json, path: str) -> Iterator[Fault]:
    """`X | None` is an X; of several the value must fit one."""
    if value is None and any(isinstance(one, types.NoneType) for one in shape.types):
        return
    rest = [one for one in shape.types if not isinstance(one, types.NoneType)]
    tried = [list(_any(one, value, path)) for one in rest]
    if tried and all(tried):
        yield from tried[-1]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is asked of a struct again and again: its fields as written, and its demands."""

    fields: Mapping[str, types.Field]
    required: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]


@cache
def _known(shape: type[Struct]) -> _Known:
    found = types.type_info(shape)
    assert isinstance(found, types.StructType)
    wire = {one.name: one.encode_name for one in found.fields}
    return _Known(
        {one.encode_name: one for one in found.fields},
        tuple(one.encode_name for one in found.fields if is_required(found, one)),
        tuple(tuple(wire[one] for one in group) for group in demands_of(shape).one_of),
    )


def _struct(shape: types.StructType, value: Mapping[str, Json], path: str) -> Iterator[Fault]:
    known = _known(shape.cls)
    for key, inner in value.items():
        place = f"{path}.{key}" if path else key
        if key in known.fields:
            yield from _any(known.fields[key].type, inner, place)
        else:
            yield Fault(Why.UNKNOWN, place, "unknown field", _nearest(key, known.fields))
    for name in known.required:
        if value.get(name) is None:
            place = f"{path}.{name}" if path else name
            yield Fault(Why.MISSING, place, "missing", "it must be there")
    for group in known.one_of:
        if len(both := [one for one in group if value.get(one) is not None]) > 1:
            yield Fault(Why.EXCLUSIVE, path, f"{' and '.join(both)} together", "keep one of them")


def _nearest(key: str, known: Mapping[str, object]) -> str:
    """Letters of one case are no difference: `retryon` is `retryOn`."""
    lower = {one.lower(): one for one in known}
    found = get_close_matches(key.lower(), lower, n=1, cutoff=0.6)
    if found:
        return f"did you mean {lower[found[0]]}?"
    return f"known here: {', '.join(sorted(known))}" if known else "nothing is known here"


def _leaf(shape: types.Type, value: Json, path: str) -> Iterator[Fault]:
    match shape:
        case types.LiteralType():
            if value not in shape.values:
                known = [str(one) for one in shape.values]
                near = get_close_matches(str(value).upper(), known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"
                yield Fault(Why.VALUE, path, f"{_shown(value)} is not known", hint)
        case types.StrType():
            yield from _string(shape, value, path)
        case types.BoolType():
            if not isinstance(value, bool):
                yield _mistyped(path, value, "true or false")
        case types.IntType():
            if not isinstance(value, int) or isinstance(value, bool):
                yield _mistyped(path, value, "an integer")
            else:
                yield from _number(shape, value, path)
        case types.FloatType():
            if not isinstance(value, int | float) or isinstance(value, bool):
                yield _mistyped(path, value, "a number")
            else:
                yield from _number(shape, value, path)


def _string(shape: types.StrType, value: Json, path: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield _mistyped(path, value, "a string")
    elif shape.pattern and not re.search(shape.pattern, value):
        yield Fault(Why.VALUE, path, f"{_shown(value)} is not well-formed", _form(shape.pattern))
    elif shape.max_length is not None and len(value) > shape.max_length:
        most = shape.max_length
        yield Fault(Why.VALUE, path, f"{len(value)} characters", f"at most {most} are taken")
    elif shape.min_length is not None and len(value) < shape.min_length:
        yield Fault(Why.VALUE, path, f"{_shown(value)} is too short", "write a longer one")


def _form(pattern: str) -> str:
    if "ms|s|m|h" in pattern:
        return "write a duration: 1.5s, 10ms, 1h"
    return f"it must match {pattern}"


def _number(
    shape: types.IntType | types.FloatType, value: int | float, path: str
) -> Iterator[Fault]:
    if shape.ge is not None and value < shape.ge:
        yield Fault(Why.VALUE, path, f"{value} is too small", f"at least {_plain(shape.ge)}")
    if shape.le is not None and value > shape.le:
        yield Fault(Why.VALUE, path, f"{value} is too large", f"at most {_plain(shape.le)}")


def _plain(number: int | float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"), (int, "an integer"), (float, "a number"), (str, "a string"),
    (list, "a list"), (dict, "an object"),
)  # fmt: skip


def _mistyped(path: str, value: Json, wanted: str) -> Fault:
    given = next((name for kind, name in _KINDS if isinstance(value, kind)), "null")
    shown = f"{given} ({_shown(value)})" if isinstance(value, str | int | float) else given
    hint = "write it without quotes" if _quoted(value, wanted) else f"write {wanted}"
    return Fault(Why.TYPE, path, f"expected {wanted}, found {shown}", hint)


def _quoted(value: Json, wanted: str) -> bool:
    return isinstance(value, str) and (
        (wanted in ("an integer", "a number") and value.replace(".", "", 1).isdigit())
        or (wanted == "true or false" and value in ("true", "false"))
    )


def _shown(value: Json) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
