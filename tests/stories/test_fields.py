"""Every field of every kind is in a story, and counts: without it something else is told.

A field that no story has, or whose loss nobody would notice, is one that is silently ignored.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

import pytest
from msgspec import inspect as types

from telltale.kube import codec
from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi import kinds as gateway_api
from telltale.kube.istio import kinds as istio
from telltale.lib.memo import Memo
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.read import reading
from telltale.pilot.plan import plan
from tests.stories.test_stories import HERE, STORIES, options_of, proxies, shown
from tests.stories.told import objects_from

# A ProxyConfig is told to pods when they are made, not to proxies: tests/inject has its stories.
DEFINITIONS = tuple(
    one for one in (*istio.DEFINITIONS, *gateway_api.DEFINITIONS) if one.kind.kind != "ProxyConfig"
)
# What means nothing to a proxy, or says what is so anyway.
FOR_PEOPLE = {
    "networking/Gateway Server.name",
    "networking/Sidecar SidecarPort.name",
    "gateway/GatewayClass GatewayClass.description",
    "gateway/TLSRoute ConnectionRule.name",
    "gateway/TCPRoute ConnectionRule.name",
}
ANYWAY = {
    # Files are refused where the certificate is named; a key goes with it.
    "networking/Gateway ServerTls.privateKey",
    # The way in speaks what the client speaks, always.
    "networking/Sidecar HttpPool.useClientProtocol",
    # An account is whom a server's certificate must name, once servers have certificates.
    "networking/ServiceEntry WorkloadEntry.serviceAccount",
    "networking/WorkloadEntry WorkloadEntry.serviceAccount",
}
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a story says something: the object's index in it, and the way into the object."""

    story: str
    index: int
    path: Path


def inner(shape: types.Type) -> Iterator[types.Type]:
    """What a type is made of besides structs' fields."""
    match shape:
        case types.Metadata():
            yield from inner(shape.type)
        case types.UnionType():
            for one in shape.types:
                yield from inner(one)
        case types.ListType() | types.VarTupleType():
            yield from inner(shape.item_type)
        case types.DictType():
            yield from inner(shape.value_type)
        case _:
            yield shape


def said(shape: types.Type, name: str, found: dict[str, None], seen: set[type]) -> None:
    """All that a spec of this type can say: `Kind Struct.field`, `Kind Struct.field=WORD`."""
    for one in inner(shape):
        if isinstance(one, types.StructType) and one.cls not in seen:
            seen.add(one.cls)
            for field in types.type_info(one.cls).fields:
                word = f"{name} {one.cls.__name__}.{field.encode_name}"
                found[word] = None
                for part in inner(field.type):
                    if isinstance(part, types.LiteralType):
                        found.update({f"{word}={value}": None for value in part.values})
                said(field.type, name, found, seen)


def used(shape: types.Type, value: Json, name: str, path: Path) -> Iterator[tuple[str, Path]]:
    """What a value says, in the same words, each with where it stands."""
    match shape:
        case types.Metadata():
            yield from used(shape.type, value, name, path)
        case types.UnionType():
            for one in shape.types:
                yield from used(one, value, name, path)
        case types.ListType() | types.VarTupleType() if isinstance(value, list):
            for index, one in enumerate(value):
                yield from used(shape.item_type, one, name, (*path, index))
        case types.DictType() if isinstance(value, dict):
            for key, one in value.items():
                yield from used(shape.value_type, one, name, (*path, key))
        case types.StructType() if isinstance(value, dict):
            for field in types.type_info(shape.cls).fields:
                if field.encode_name in value:
                    there, place = value[field.encode_name], (*path, field.encode_name)
                    word = f"{name} {shape.cls.__name__}.{field.encode_name}"
                    yield word, place
                    yield from used(field.type, there, name, place)
                    for part in inner(field.type):
                        if isinstance(part, types.LiteralType):
                            yield from literals(there, part, word, place)


def literals(
    value: Json, shape: types.LiteralType, word: str, path: Path
) -> Iterator[tuple[str, Path]]:
    for one in value if isinstance(value, list) else [value]:
        if one in shape.values:
            yield f"{word}={one}", path


@cache
def objects_of(story: str) -> list[Object]:
    return codec.parse_yaml((HERE / story / "objects.yaml").read_text())


@cache
def words() -> Mapping[str, list[Place]]:
    """Each word with the places where stories say it."""
    found: dict[str, list[Place]] = {}
    for definition in DEFINITIONS:
        kind, can = definition.kind, dict[str, None]()
        name = f"{kind.group.split('.')[0]}/{kind.kind}"
        said(types.type_info(definition.spec), name, can, set())
        found.update({word: [] for word in can})
        for story in STORIES:
            for index, object in enumerate(objects_of(story)):
                group = object["apiVersion"].rpartition("/")[0]
                if (group, object["kind"]) == (kind.group, kind.kind):
                    shape = types.type_info(definition.spec)
                    for word, path in used(shape, object.get("spec", {}), name, ("spec",)):
                        found[word].append(Place(story, index, path))
    return found


def told(story: str, objects: list[Object]) -> object:
    """All that anybody is told of these objects: proxies, owners, and who makes and fetches."""
    found = reading(objects_from(objects), options_of(story), Memo())
    bundles = [shown(plan(found.mesh, proxy)) for proxy in proxies(found.mesh)]
    problems = sorted(str(one) for one in found.problems)
    return bundles, problems, found.statuses, found.made, found.wanted


@cache
def told_of(story: str) -> object:
    return told(story, objects_of(story))


@cache
def problems_of(story: str) -> tuple[Problem, ...]:
    return reading(objects_from(objects_of(story)), options_of(story), Memo()).problems


def changed(place: Place, known: list[str]) -> Iterator[list[Object]]:
    """The story without what it says at a place, then with something else there: of the values
    that are known where only those are taken."""
    objects = objects_of(place.story)
    *way, last = place.path
    value = at(objects[place.index], place.path)
    for other in (None, *(known or [otherwise(value)])):
        copied = deepcopy(objects[place.index])
        above = at(copied, tuple(way))
        if other is None:
            del above[last]
        else:
            above[last] = other
        yield [*objects[: place.index], copied, *objects[place.index + 1 :]]


def at(value: Json, path: Path) -> Json:
    for step in path:
        value = value[step]
    return value


def otherwise(value: Json) -> Json:
    """Another value of the same type; None of what has no simple other."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return "other"
    return None


def refused(place: Place) -> bool:
    """Whether a problem names the place, or what it is a part of."""
    object = objects_of(place.story)[place.index]
    about = (object["kind"], object["metadata"].get("namespace", ""), object["metadata"]["name"])
    written = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place.path)[1:]
    fields = {
        one.field for one in problems_of(place.story)
        if (one.object.kind, one.object.namespace, one.object.name) == about
    }  # fmt: skip
    whole = tuple(f"{one}{end}" for one in fields for end in ".[")
    return "kind" in fields or written in fields or written.startswith(whole)


def counts(word: str) -> bool:
    known = [one.partition("=")[2] for one in words() if one.startswith(f"{word}=")]
    return any(
        refused(place)
        or any(told(place.story, one) != told_of(place.story) for one in changed(place, known))
        for place in words()[word]
    )


@pytest.mark.parametrize("word", words())
def test_every_word_is_in_a_story(word):
    assert words()[word], f"no story says {word}"


@pytest.mark.parametrize("word", [one for one in words() if "=" not in one and words()[one]])
def test_every_field_counts(word):
    if word in FOR_PEOPLE | ANYWAY:
        assert not counts(word), f"{word} counts: take it out of the exceptions"
    else:
        assert counts(word), f"{word}: nobody is told anything else without it"
