"""One version of one object as it is kept: bytes, and what selectors ask about. Never: change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from telltale.kube import codec
from telltale.kube.codec import Object


class Key(NamedTuple):
    """`resource` is plural and group ("deployments.apps"); namespace "" when it has none."""

    resource: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """What may be selected by: labels, and fields as the kind names them ("spec.nodeName")."""

    labels: Mapping[str, str]
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """`body` is the object's JSON with its resourceVersion in it; never changed, only replaced."""

    key: Key
    revision: int
    created: int
    body: bytes
    index: Index

    def object(self) -> Object:
        """A fresh copy that the caller may change."""
        return codec.parse_object(self.body)
