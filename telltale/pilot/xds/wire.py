"""The few protobuf fields of a discovery response, joined from bytes that are already there.

Never: a decision. Field numbers are those of envoy/service/discovery/v3/discovery.proto, and a
test compares the result with what the library makes of it.
"""

from collections.abc import Iterable
from typing import Protocol


class Piece(Protocol):
    """What a response carries: see `resource.Resource`."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def any(self) -> bytes: ...


def any_of(type_url: str, body: bytes) -> bytes:
    """google.protobuf.Any: type_url = 1, value = 2."""
    return text(1, type_url) + _field(2, body)


def response(
    type_url: str, version: str, nonce: str, pieces: Iterable[Piece], *, plane: str = ""
) -> bytes:
    """DiscoveryResponse: version_info = 1, resources = 2, type_url = 4, nonce = 5,
    control_plane = 6; in ControlPlane: identifier = 1."""
    parts = [text(1, version)]
    for piece in pieces:
        parts += (_head(2, len(piece.any)), piece.any)
    parts += (text(4, type_url), text(5, nonce), message(6, text(1, plane)))
    return b"".join(parts)


def delta_response(
    type_url: str, version: str, nonce: str, pieces: Iterable[Piece], removed: Iterable[str],
    *, plane: str = "",
) -> bytes:  # fmt: skip
    """DeltaDiscoveryResponse: system_version_info = 1, resources = 2, type_url = 4, nonce = 5,
    removed_resources = 6, control_plane = 7; in Resource: version = 1, resource = 2, name = 3."""
    parts = [text(1, version)]
    for piece in pieces:
        head = text(1, piece.version) + text(3, piece.name) + _head(2, len(piece.any))
        parts += (_head(2, len(head) + len(piece.any)), head, piece.any)
    parts += (text(4, type_url), text(5, nonce))
    parts += (text(6, name) for name in removed)
    parts.append(message(7, text(1, plane)))
    return b"".join(parts)


def text(number: int, value: str) -> bytes:
    """A text that is there only when it says something."""
    return _field(number, value.encode()) if value else b""


def message(number: int, body: bytes) -> bytes:
    """A message that is there only when it says something."""
    return _field(number, body) if body else b""


def _field(number: int, body: bytes) -> bytes:
    return _head(number, len(body)) + body


def _head(number: int, length: int) -> bytes:
    return _varint(number << 3 | 2) + _varint(length)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
