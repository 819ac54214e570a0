"""Which fields of a body its kind does not know, and which have the wrong JSON type. Pure.

Never: what a value means. Rules: the schemas of `definitions`; texts as Go's decoder words them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from telltale.cluster.api.definitions import Definitions, reference_name
from telltale.kube.codec import Json, Object

_GO = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float),
    "array": (list,), "object": (dict,),
}  # fmt: skip
_ANY_NUMBER_OR_TEXT = (
    "io.k8s.apimachinery.pkg.api.resource.Quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
)


@dataclass
class Findings:
    """`unknown` are paths of fields; `wrong` says the first wrong type, "" when there is none."""

    unknown: list[str] = field(default_factory=list)
    wrong: str = ""


def check(object: Object, schema: Object, definitions: Definitions) -> Findings:
    """The fields of `object` against the schema of its kind; unknown ones are dropped from it."""
    found = Findings()
    kind = object.get("kind")
    _walk(_Place(str(kind), ""), object, schema, _Walk(definitions, found))
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    kind: str
    path: str

    def to(self, name: str) -> "_Place":
        return _Place(self.kind, f"{self.path}.{name}" if self.path else name)

    def at(self, index: int) -> "_Place":
        return _Place(self.kind, f"{self.path}[{index}]")


@dataclass(frozen=True, slots=True)
class _Walk:
    definitions: Definitions
    found: Findings


def _walk(place: _Place, value: Json, schema: Object, walk: _Walk) -> None:
    if value is None:
        return
    name = reference_name(schema)
    if name in _ANY_NUMBER_OR_TEXT:
        if isinstance(value, (dict, list, bool)):
            _wrong(place, value, "IntOrString", walk)
        return
    schema = walk.definitions.opened(schema)
    wanted = schema.get("type")
    type = wanted[0] if isinstance(wanted, list) and wanted else wanted
    if isinstance(type, str) and not _fits(value, type):
        _wrong(place, value, type, walk)
    elif isinstance(value, dict):
        _walk_object(place, value, schema, walk)
    elif isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for index, one in enumerate(value):
                _walk(place.at(index), one, items, walk)


def _walk_object(place: _Place, value: Object, schema: Object, walk: _Walk) -> None:
    properties = schema.get("properties")
    more = schema.get("additionalProperties")
    unknown: list[str] = []
    for key, inner in value.items():
        known = properties.get(key) if isinstance(properties, dict) else None
        if isinstance(known, dict):
            _walk(place.to(key), inner, known, walk)
        elif isinstance(more, dict):
            _walk(place.to(key), inner, more, walk)
        elif isinstance(properties, dict):
            walk.found.unknown.append(place.to(key).path)
            unknown.append(key)
    for key in unknown:
        del value[key]


def _fits(value: Json, type: str) -> bool:
    if isinstance(value, bool):
        return type == "boolean"
    return isinstance(value, _TYPES.get(type, (object,)))


def _wrong(place: _Place, value: Json, type: str, walk: _Walk) -> None:
    if not walk.found.wrong:
        given = next(name for kind, name in _GO.items() if isinstance(value, kind))
        where = f"{place.kind}.{place.path}"
        walk.found.wrong = (
            f"json: cannot unmarshal {given} into Go struct field {where} of type {type}"
        )


def duplicates(pairs_of: Callable[[Callable[[list[tuple[str, Json]]], Json]], Json]) -> list[str]:
    """Paths of keys that a JSON text says twice; `pairs_of` parses it with the given pairs hook."""
    twice: list[tuple[int, str]] = []
    keep: list[Json] = []  # identities stay unique while the objects live

    def hook(pairs: list[tuple[str, Json]]) -> Json:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    twice.append((id(made), key))
                seen.add(key)
            keep.append(made)
        return made

    whole = pairs_of(hook)
    if not twice:
        return []
    places = dict(_places(whole, ""))
    return [f"{places.get(owner, '')}{key}" for owner, key in dict.fromkeys(twice)]


def _places(value: Json, path: str) -> Iterator[tuple[int, str]]:
    if isinstance(value, dict):
        yield id(value), f"{path}." if path else ""
        for key, inner in value.items():
            yield from _places(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, f"{path}[{index}]")
