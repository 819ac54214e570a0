"""What a patch does to an object: JSON patch, merge patch, strategic merge patch. Pure.

Never: I/O, or a change of the object that is given; each returns a new one.
Rules: RFC 6902, RFC 7396, and Kubernetes' strategic merge patch with its directives `$patch`,
`$retainKeys`, `$deleteFromPrimitiveList/x` and `$setElementOrder/x`.
"""

import copy
from typing import Protocol

import jsonpatch

from telltale.kube.codec import Json, Object
from telltale.kube.errors import BadRequest, Invalid, TooLarge

MOST_OPERATIONS = 10_000


class Shape(Protocol):
    """What a strategic patch must know of a field: is its list merged, and by which key."""

    @property
    def merges(self) -> bool:
        """A list is merged, not replaced (`x-kubernetes-patch-strategy: merge`)."""
        ...

    @property
    def replaces(self) -> bool:
        """A map is replaced whole (`replace`)."""
        ...

    @property
    def merge_key(self) -> str:
        """The key that tells elements of a merged list apart; "" when they are plain values."""
        ...

    def field(self, name: str) -> "Shape": ...

    def element(self) -> "Shape": ...


def json_patch(target: Object, patch: Json) -> Object:
    """RFC 6902. Raises `BadRequest` (malformed), `Invalid` (cannot be applied), `TooLarge`."""
    if not isinstance(patch, list):
        raise BadRequest("a JSON patch is a list of operations")
    if len(patch) > MOST_OPERATIONS:
        raise TooLarge(
            f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {len(patch)}"
        )
    operations = [one for one in patch if isinstance(one, dict)]
    if len(operations) != len(patch):
        raise BadRequest("a JSON patch is a list of operations")
    try:
        result: Json = jsonpatch.JsonPatch(operations).apply(target)
    except (jsonpatch.JsonPatchConflict, jsonpatch.JsonPatchTestFailed) as error:
        said = "the server rejected our request due to an error in our request"
        raise Invalid(f"{said}: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
        raise BadRequest(f"the patch is malformed: {error}") from error
    return _object(result)


def merge_patch(target: Object, patch: Json) -> Object:
    """RFC 7396: null deletes, maps merge, everything else replaces."""
    if not isinstance(patch, dict):
        raise BadRequest("a merge patch is a JSON object")
    return _object(_merged(target, patch))


def strategic_patch(target: Object, patch: Json, shape: Shape) -> Object:
    """Kubernetes' own: as a merge patch, but lists merge by key where `shape` says so."""
    if not isinstance(patch, dict):
        raise BadRequest("a strategic merge patch is a JSON object")
    return _map(target, patch, shape)


def _object(value: Json) -> Object:
    if not isinstance(value, dict):
        raise Invalid("the patched object is not a JSON object")
    return value


def _merged(target: Json, patch: Json) -> Json:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _map(target: Object, patch: Object, shape: Shape) -> Object:
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: copy.deepcopy(value) for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise BadRequest(f"unrecognized patch directive {directive!r}")
    result = dict(target)
    retain = patch.get("$retainKeys")
    if isinstance(retain, list):
        result = {key: value for key, value in result.items() if key in retain}
    _delete_values(result, patch)
    for key, value in patch.items():
        if not key.startswith("$"):
            _field(result, key, value, shape.field(key))
    for key, order in patch.items():
        name = key.removeprefix("$setElementOrder/")
        current = result.get(name)
        if name != key and isinstance(order, list) and isinstance(current, list):
            result[name] = _ordered(current, order, shape.field(name))
    return result


def _delete_values(result: Object, patch: Object) -> None:
    for key, gone in patch.items():
        name = key.removeprefix("$deleteFromPrimitiveList/")
        current = result.get(name)
        if name != key and isinstance(gone, list) and isinstance(current, list):
            result[name] = [value for value in current if value not in gone]


def _field(result: Object, key: str, value: Json, shape: Shape) -> None:
    current = result.get(key)
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        if shape.replaces and "$patch" not in value:
            result[key] = copy.deepcopy(value)
            return
        merged = _map(current if isinstance(current, dict) else {}, value, shape)
        if value.get("$patch") == "delete":
            result.pop(key, None)
        else:
            result[key] = merged
    elif isinstance(value, list) and shape.merges:
        result[key] = _list(current if isinstance(current, list) else [], value, shape)
    else:
        result[key] = _clean(value)


def _list(current: list[Json], patch: list[Json], shape: Shape) -> list[Json]:
    if {"$patch": "replace"} in patch:
        return [_clean(value) for value in patch if value != {"$patch": "replace"}]
    if not shape.merge_key:
        return current + [value for value in patch if value not in current]
    result = list(current)
    for value in patch:
        if not isinstance(value, dict):
            raise BadRequest(f"expected objects in a list merged by {shape.merge_key!r}")
        _merge_element(result, value, shape)
    return result


def _merge_element(result: list[Json], value: Object, shape: Shape) -> None:
    key = shape.merge_key
    if key not in value:
        raise BadRequest(f"map: {value} does not contain declared merge key: {key}")
    same = [
        at for at, one in enumerate(result) if isinstance(one, dict) and one.get(key) == value[key]
    ]
    if value.get("$patch") == "delete":
        for at in reversed(same):
            del result[at]
        return
    if not same:
        result.append(_map({}, value, shape.element()))
        return
    found = result[same[0]]
    assert isinstance(found, dict)
    result[same[0]] = _map(found, value, shape.element())


def _ordered(current: list[Json], order: list[Json], shape: Shape) -> list[Json]:
    """The elements named in `order` in that order; each of the others stays behind its neighbour.

    kubectl sends the order of its own list; elements that only the server has keep their place
    relative to the one before them (`normalizeElementOrder` of Kubernetes).
    """
    key = shape.merge_key

    def name(value: Json) -> Json:
        return value.get(key) if key and isinstance(value, dict) else value

    wanted = [name(one) for one in order]
    named = [one for one in current if name(one) in wanted]
    named.sort(key=lambda one: wanted.index(name(one)))
    others = [(at, one) for at, one in enumerate(current) if name(one) not in wanted]
    places = {id(one): at for at, one in enumerate(current)}
    result: list[Json] = []
    waiting = list(others)
    for one in named:
        while waiting and waiting[0][0] < places[id(one)]:
            result.append(waiting.pop(0)[1])
        result.append(one)
    return result + [one for _, one in waiting]


def _clean(value: Json) -> Json:
    """A value of the patch as it is stored: nulls and directives dropped."""
    if isinstance(value, dict):
        return {
            key: _clean(inner)
            for key, inner in value.items()
            if inner is not None and not key.startswith("$")
        }
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return value
