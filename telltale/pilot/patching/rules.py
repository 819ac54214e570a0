"""What Envoy asks of a message beyond its type, as its API says it (protoc-gen-validate). Pure.

As far as a mistake in a patch is likely to break it: what must be there, bounds, known values.
Never: what only Envoy itself can know.
"""

import operator
from collections.abc import Callable, Iterable, Iterator

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from validate import validate_pb2

from telltale.pilot.patching.merging import unpacked
from telltale.pilot.patching.values import Unfit

_BOUNDS: tuple[tuple[str, Callable[[float, float], bool], str], ...] = (
    ("lt", operator.lt, "less than"),
    ("lte", operator.le, "at most"),
    ("gt", operator.gt, "more than"),
    ("gte", operator.ge, "at least"),
)
_NUMBERS = {
    "float", "double", "int32", "int64", "uint32", "uint64", "duration",
}  # fmt: skip


def fault(message: Message) -> str:
    """The first rule that is broken, in words; "" when none is."""
    return next(_faults(message, ""), "")


def _faults(message: Message, at: str) -> Iterator[str]:
    if isinstance(message, Packed):
        yield from _within(message, at)
        return
    for group in message.DESCRIPTOR.oneofs:
        if group.GetOptions().Extensions[validate_pb2.required] and not message.WhichOneof(
            group.name
        ):
            yield f"{at or message.DESCRIPTOR.name} lacks one of " + ", ".join(
                one.name for one in group.fields
            )
    fields: Iterable[Field] = message.DESCRIPTOR.fields  # type: ignore[assignment]
    for one in fields:
        place = f"{at}.{one.name}" if at else one.name
        rules = one.GetOptions().Extensions[validate_pb2.rules]
        if rules.ByteSize():
            yield from _broken(message, one, rules, place)
    for one, value in message.ListFields():
        if one.message_type is None:
            continue
        place = f"{at}.{one.name}" if at else one.name
        yield from _children(one, value, place)


def _children(one: Field, value: object, place: str) -> Iterator[str]:
    if one.message_type and one.message_type.GetOptions().map_entry:
        for key in value:  # type: ignore[attr-defined]
            inner = value[key]  # type: ignore[index]
            if isinstance(inner, Message):
                yield from _faults(inner, f"{place}[{key}]")
    elif one.is_repeated:
        for index, inner in enumerate(value):  # type: ignore[arg-type]
            yield from _faults(inner, f"{place}[{index}]")
    elif isinstance(value, Message):
        yield from _faults(value, place)


def _within(packed: Packed, at: str) -> Iterator[str]:
    if not packed.type_url:
        return
    try:
        yield from _faults(unpacked(packed), at)
    except (Unfit, KeyError):
        yield f"{at} is of {packed.TypeName()}, which is not known"


def _broken(
    message: Message, one: Field, rules: validate_pb2.FieldRules, place: str
) -> Iterator[str]:
    value = getattr(message, one.name)
    kind = rules.WhichOneof("type")
    if one.is_repeated:
        if kind == "repeated" and len(value) < rules.repeated.min_items:
            yield f"{place} has {len(value)} entries of at least {rules.repeated.min_items}"
        return
    there = message.HasField(one.name) if one.has_presence else True
    if not there:
        if one.containing_oneof:
            return  # another of its group is there
        if rules.message.required or rules.any.required or rules.duration.required:
            yield f"{place} is missing"
        return
    if one.message_type and one.message_type.full_name.startswith("google.protobuf."):
        value = getattr(value, "value", value)
    if kind == "string" and len(value) < rules.string.min_len:
        yield f"{place} is empty"
    elif kind == "enum" and one.enum_type and (
        rules.enum.defined_only and value not in one.enum_type.values_by_number
    ):
        yield f"{place} is {value}, which has no meaning"
    elif kind in _NUMBERS:
        yield from _unbounded(value, getattr(rules, kind), place)


def _unbounded(value: object, rules: Message, place: str) -> Iterator[str]:
    for name, holds, words in _BOUNDS:
        if rules.HasField(name):
            bound = getattr(rules, name)
            if not holds(_number(value), _number(bound)):
                yield f"{place} is {_number(value):g}, and must be {words} {_number(bound):g}"


def _number(value: object) -> float:
    if isinstance(value, Duration):
        return float(value.seconds + value.nanos / 1e9)
    assert isinstance(value, int | float)
    return float(value)
