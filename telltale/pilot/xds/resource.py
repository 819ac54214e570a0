"""One xDS resource: its name, its version (a hash of its content) and its bytes, made once.

Never: who gets it, or what it means. The version survives a restart: same content, same version.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from google.protobuf.message import Message

from telltale.pilot.xds import wire


@dataclass(frozen=True, slots=True)
class Resource:
    """`any` is a serialized `google.protobuf.Any`, shared by every answer that carries it.

    `digest` is name and version as a number: the sum over a set identifies the set. `follower`:
    what of another type must come again right behind it; the resource of its own name if empty.
    """

    name: str
    version: str
    any: bytes
    digest: int
    follower: str = ""


def make(name: str, message: Message, follower: str = "") -> Resource:
    """A message as a resource; serialized here and never again."""
    body = message.SerializeToString(deterministic=True)
    packed = wire.any_of(f"type.googleapis.com/{message.DESCRIPTOR.full_name}", body)
    return of_any(name, packed, follower)


@dataclass(frozen=True, slots=True)
class Piece:
    """A message in a repeated field of others: its bytes there, and the hash of them."""

    body: bytes
    digest: bytes


def piece(message: Message, number: int) -> Piece:
    """`number`: the field's."""
    body = wire.message(number, message.SerializeToString(deterministic=True))
    return Piece(body, blake2b(body, digest_size=8).digest())


def joined(name: str, head: Message, pieces: Sequence[Piece]) -> Resource:
    """A message with pieces behind it. It is not hashed as a whole: it may be a megabyte."""
    first = head.SerializeToString(deterministic=True)
    body = b"".join([first, *[one.body for one in pieces]])
    packed = wire.any_of(f"type.googleapis.com/{head.DESCRIPTOR.full_name}", body)
    digests = b"".join([one.digest for one in pieces])
    version = blake2b(first + digests, digest_size=8).hexdigest()
    return Resource(name, version, packed, _digest(name, version))


def of_any(name: str, packed: bytes, follower: str = "") -> Resource:
    """A resource from the bytes of its `Any`."""
    version = blake2b(packed, digest_size=8).hexdigest()
    return Resource(name, version, packed, _digest(name, version), follower)


def _digest(name: str, version: str) -> int:
    pair = blake2b(f"{name}\0{version}".encode(), digest_size=16)
    return int.from_bytes(pair.digest(), "big")
