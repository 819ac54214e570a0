"""The name table as it comes over xDS, type `istio.networking.nds.v1.NameTable`. Pure.

The few protobuf fields are read and written here (envoy/service/discovery/v3/discovery.proto,
google/protobuf/struct.proto, Istio's nds.proto), because the library would cost every workload
10 MB; a test reads them with it. Never: a stream.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from telltale.agent.dns.names import Names

TYPE = "type.googleapis.com/istio.networking.nds.v1.NameTable"
_CLUSTER = "Kubernetes"


class NoTable(ValueError):
    """The bytes are no response with a name table."""


@dataclass(frozen=True, slots=True)
class Response:
    version: str
    nonce: str
    names: Names


@dataclass(frozen=True, slots=True)
class Node:
    """Who asks, as in Envoy's bootstrap."""

    id: str
    cluster: str
    metadata: Mapping[str, object]


def request(node: Node | None = None, version: str = "", nonce: str = "") -> bytes:
    """DiscoveryRequest: version_info = 1, node = 2, type_url = 4, response_nonce = 5."""
    who = b""
    if node:
        who = _text(1, node.id) + _text(2, node.cluster) + _field(3, _struct(node.metadata))
    told = _text(1, version) + (_field(2, who) if who else b"")
    return told + _text(4, TYPE) + _text(5, nonce)


def read(message: bytes, domain: str) -> Response:
    """DiscoveryResponse: version_info = 1, resources = 2, nonce = 5. Raises NoTable."""
    version = nonce = ""
    cluster: dict[str, tuple[str, ...]] = {}
    declared: dict[str, tuple[str, ...]] = {}
    for number, value in _fields(message):
        if number == 1:
            version = _read(value)
        elif number == 5:
            nonce = _read(value)
        elif number == 2:
            for host, addresses, registry in _table(value):
                (cluster if registry == _CLUSTER else declared)[host] = addresses
    return Response(version, nonce, Names(cluster, declared, domain))


def _table(packed: bytes) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Any: value = 2; NameTable: entries = 1; an entry: key = 1, NameInfo = 2."""
    for body in _of(packed, 2):
        for entry in _of(body, 1):
            for info in _of(entry, 2):
                addresses = tuple(filter(_is_ip, map(_read, _of(info, 1))))
                yield _last(entry, 1).lower().rstrip("."), addresses, _last(info, 2)


def _of(message: bytes, wanted: int) -> Iterator[bytes]:
    return (value for number, value in _fields(message) if number == wanted)


def _last(message: bytes, wanted: int) -> str:
    return _read(([*_of(message, wanted)] or [b""])[-1])


def _read(text: bytes) -> str:
    return text.decode(errors="replace")


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields that have a length; others are passed over. Raises NoTable."""
    at = 0
    try:
        while at < len(message):
            tag, at = _varint(message, at)
            kind = tag & 7
            if kind == 0:
                _, at = _varint(message, at)
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            elif kind == 2:
                length, at = _varint(message, at)
                if at + length > len(message):
                    raise NoTable("a field ends behind its message")
                yield tag >> 3, message[at : at + length]
                at += length
            else:
                raise NoTable(f"a field of unknown wire type {kind}")
    except IndexError as error:
        raise NoTable("the message ends within a field") from error


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise NoTable("a number without end")


def _struct(fields: Mapping[str, object]) -> bytes:
    """Struct: fields = 1, each key = 1 and Value = 2."""
    pairs = (_text(1, key) + _field(2, _value(value)) for key, value in fields.items())
    return b"".join(_field(1, pair) for pair in pairs)


def _value(value: object) -> bytes:
    """Value: null = 1, number = 2, string = 3, bool = 4, struct = 5, list = 6."""
    if isinstance(value, bool):
        return b"\x20" + bytes([value])
    if isinstance(value, int | float):
        return b"\x11" + struct.pack("<d", value)
    if isinstance(value, str):
        return _field(3, value.encode())
    if isinstance(value, Mapping):
        return _field(5, _struct(value))
    if isinstance(value, Sequence):
        return _field(6, b"".join(_field(1, _value(one)) for one in value))
    return b"\x08\x00"


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode()) if text else b""


def _field(number: int, body: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _length(len(body)) + body


def _length(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
