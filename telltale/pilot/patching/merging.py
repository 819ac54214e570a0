"""One message laid over another, as Istio merges patches. Pure.

What is set goes over what was; messages are merged in depth, also within a `typed_config`; lists
grow, or are replaced when asked. A duration or a wrapped value is one value, never mixed of two.
"""

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from telltale.pilot.patching.values import Unfit, load

_WHOLE = {
    "google.protobuf.Duration", "google.protobuf.Timestamp", "google.protobuf.BoolValue",
    "google.protobuf.UInt32Value", "google.protobuf.UInt64Value", "google.protobuf.Int32Value",
    "google.protobuf.Int64Value", "google.protobuf.DoubleValue", "google.protobuf.FloatValue",
    "google.protobuf.StringValue", "google.protobuf.BytesValue",
}  # fmt: skip


def merge(into: Message, value: Message, *, lists_anew: bool = False) -> None:
    """In place. Raises `Unfit` where two typed configurations are of different types."""
    for one, given in value.ListFields():
        if one.is_repeated and not _is_map(one):
            if lists_anew:
                into.ClearField(one.name)
            getattr(into, one.name).MergeFrom(given)
        elif _is_map(one):
            _merge_map(getattr(into, one.name), one, given, lists_anew)
        elif one.message_type is None:
            setattr(into, one.name, given)
        else:
            _merge_message(getattr(into, one.name), given, lists_anew)


def _is_map(one: FieldDescriptor) -> bool:
    return bool(one.message_type and one.message_type.GetOptions().map_entry)


def _merge_map(known: object, one: FieldDescriptor, given: object, lists_anew: bool) -> None:
    assert one.message_type
    valued = one.message_type.fields_by_name["value"].message_type
    for key in given:  # type: ignore[attr-defined]
        if valued is None:
            known[key] = given[key]  # type: ignore[index]
        else:
            _merge_message(known[key], given[key], lists_anew)  # type: ignore[index]


def _merge_message(into: Message, value: Message, lists_anew: bool) -> None:
    if isinstance(into, Packed) and isinstance(value, Packed):
        _merge_packed(into, value, lists_anew)
    elif value.DESCRIPTOR.full_name in _WHOLE:
        into.CopyFrom(value)
    else:
        into.SetInParent()
        merge(into, value, lists_anew=lists_anew)


def _merge_packed(into: Packed, value: Packed, lists_anew: bool) -> None:
    if not into.type_url:
        into.CopyFrom(value)
        return
    if into.TypeName() != value.TypeName():
        raise Unfit(f"{value.TypeName()} cannot be merged into {into.TypeName()}")
    known, over = unpacked(into), unpacked(value)
    merge(known, over, lists_anew=lists_anew)
    into.Pack(known, deterministic=True)


def unpacked(packed: Packed) -> Message:
    load(packed.TypeName())
    shape = GetMessageClass(Default().FindMessageTypeByName(packed.TypeName()))
    found: Message = shape()
    packed.Unpack(found)
    return found
