"""Pod templates: their hash, and finding the ReplicaSet that was made from one. Pure.

Never: defaults; the API server has filled them in on both sides, so equal means equal.
"""

import zlib
from collections.abc import Collection, Iterable

import msgspec

from telltale.kube.apps import ReplicaSet
from telltale.kube.codec import Object, dig
from telltale.kube.meta import LabelSelector

HASH_LABEL = "pod-template-hash"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: Object, taken: Collection[str] = ()) -> str:
    """8 to 10 characters, as Kubernetes writes it: a 32-bit sum in decimal, each digit a letter.

    A value in `taken` is passed over: another template came to the same sum.
    """
    text = msgspec.json.encode(template, order="deterministic")
    salt = 0
    while (found := _encoded(zlib.crc32(text, salt))) in taken:
        salt += 1
    return found


def same(template: Object, other: Object) -> bool:
    """Equal but for the hash label, which only the ReplicaSet's carries."""
    return _without_hash(template) == _without_hash(other)


def made_from(template: Object, owned: Iterable[ReplicaSet]) -> ReplicaSet | None:
    """The oldest ReplicaSet of this template: after a rollback an old one is found again."""
    found = [one for one in owned if same(template, one.spec.template)]
    return min(found, key=_age, default=None)


def with_hash(template: Object, value: str) -> Object:
    """The template whose pods carry the hash label."""
    meta = dig(template, "metadata", default={})
    labels = dig(meta, "labels", default={})
    assert isinstance(meta, dict) and isinstance(labels, dict)
    return {**template, "metadata": {**meta, "labels": {**labels, HASH_LABEL: value}}}


def selector_with_hash(selector: LabelSelector, value: str) -> Object:
    labels: Object = {**selector.match_labels, HASH_LABEL: value}
    expressions = [msgspec.to_builtins(one) for one in selector.match_expressions]
    return {"matchLabels": labels} | ({"matchExpressions": expressions} if expressions else {})


def _age(one: ReplicaSet) -> tuple[str, str]:
    return one.metadata.creation_timestamp or "", one.metadata.name


def _without_hash(template: Object) -> Object:
    meta = dig(template, "metadata", default={})
    labels = dig(meta, "labels", default={})
    assert isinstance(meta, dict) and isinstance(labels, dict)
    kept = {name: value for name, value in labels.items() if name != HASH_LABEL}
    rest = {
        name: value for name, value in meta.items()
        if value is not None and name not in ("labels", "creationTimestamp")
    }  # fmt: skip
    return {**template, "metadata": {**rest, "labels": kept}}


def _encoded(number: int) -> str:
    """`SafeEncodeString` of Kubernetes: no vowels, so that no word is ever spelt by accident."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))
