"""One xDS resource: its name, its version (a hash of its content) and its bytes, made once.

Never: who gets it, or what it means. The version survives a restart: same content, same version.
"""

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


def of_any(name: str, packed: bytes, follower: str = "") -> Resource:
    """A resource from the bytes of its `Any`."""
    version = blake2b(packed, digest_size=8).hexdigest()
    pair = blake2b(f"{name}\0{version}".encode(), digest_size=16)
    return Resource(name, version, packed, int.from_bytes(pair.digest(), "big"), follower)
