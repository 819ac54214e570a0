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

    `digest` is name and version as a number: the sum over a set identifies the set.
    """

    name: str
    version: str
    any: bytes
    digest: int


def make(name: str, message: Message) -> Resource:
    """A message as a resource; serialized here and never again."""
    body = message.SerializeToString(deterministic=True)
    return of_any(name, wire.any_of(f"type.googleapis.com/{message.DESCRIPTOR.full_name}", body))


def of_any(name: str, packed: bytes) -> Resource:
    """A resource from the bytes of its `Any`."""
    version = blake2b(packed, digest_size=8).hexdigest()
    pair = blake2b(f"{name}\0{version}".encode(), digest_size=16)
    return Resource(name, version, packed, int.from_bytes(pair.digest(), "big"))
