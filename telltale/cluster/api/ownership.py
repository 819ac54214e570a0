"""Server-side apply: which applier owns which field, who is in whose way, and what goes. Pure.

Never: merging the values (see `kube.patch`). Only appliers own fields here; an ordinary write
neither takes nor loses any. Rules: Kubernetes' structured merge; lists merged by key have their
elements owned one by one, all other lists whole.
"""

from dataclasses import dataclass

import orjson

from telltale.cluster.api.objects import listed, meta, part, section, text
from telltale.kube import errors
from telltale.kube.codec import Json, Object
from telltale.kube.patch import Shape

Path = tuple[str, ...]  # "f:data", "f:a"; "k:{...}" an element by its key; "v:..." by value; "."
_SERVERS = (
    "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation",
    "managedFields", "generateName", "selfLink", "deletionTimestamp",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applier:
    """Who applies, in which version of the API, and whether conflicts are overridden."""

    name: str
    version: str
    force: bool = False


def claimed(config: Object, shape: Shape) -> frozenset[Path]:
    """The fields that an applied configuration names."""
    own: Object = {key: one for key, one in config.items() if key not in ("apiVersion", "kind")}
    known = part(own, "metadata")
    own["metadata"] = {key: one for key, one in known.items() if key not in _SERVERS}
    return frozenset(_leaves(own, shape, ()))


def _leaves(value: Json, shape: Shape, at: Path) -> list[Path]:
    if isinstance(value, dict) and (value or not at) and not shape.replaces:
        found: list[Path] = []
        for key, inner in value.items():
            if inner is not None and not (at == () and key == "metadata" and not inner):
                found += _leaves(inner, shape.field(key), (*at, f"f:{key}"))
        return found
    if isinstance(value, list) and shape.merges:
        return [path for one in value for path in _element(one, shape, at)]
    return [at]


def _element(value: Json, shape: Shape, at: Path) -> list[Path]:
    key = shape.merge_key
    if not key or not isinstance(value, dict):
        return [(*at, f"v:{_shown(value)}")]
    here = (*at, f"k:{_shown({key: value.get(key)})}")
    return [(*here, "."), *_leaves(value, shape.element(), here)]


def _shown(value: Json) -> str:
    return orjson.dumps(value).decode()


def settled(before: Object, merged: Object, config: Object, shape: Shape, who: Applier) -> Object:
    """`merged` without what its applier no longer names. Raises `Conflict` unless forced.

    Its managedFields say who owns what now; the time of a changed entry is left for the caller.
    """
    mine = claimed(config, shape)
    owners = _owners(before)
    gone = owners.pop(who.name, frozenset()) - mine
    _expect_free(owners, before, config, mine, who)
    for name, theirs in owners.items():
        taken = {path for path in theirs & mine if _at(before, path) != _at(config, path)}
        owners[name] = theirs - taken
    # Whole elements first: one that has lost its key could not be found.
    for path in sorted(gone, key=lambda one: (one[-1] != ".", -len(one))):
        if not any(path in theirs for theirs in owners.values()):
            _remove(merged, path)
    owners[who.name] = mine
    section(merged, "metadata")["managedFields"] = _entries(before, owners, who)
    return merged


def _expect_free(
    owners: dict[str, frozenset[Path]], before: Object, config: Object,
    mine: frozenset[Path], who: Applier,
) -> None:  # fmt: skip
    """Nobody else owns a field that would be given another value."""
    found = [
        (name, path)
        for name, theirs in owners.items()
        for path in sorted(theirs & mine)
        if path[-1] != "." and _at(before, path) != _at(config, path)
    ]
    if not found or who.force:
        return
    causes: list[Json] = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{name}"',
         "field": _dotted(path)}
        for name, path in found
    ]  # fmt: skip
    said = _said(found)
    many = "conflict" if len(found) == 1 else "conflicts"
    raise errors.Conflict(f"Apply failed with {len(found)} {many}: {said}", {"causes": causes})


def _said(found: list[tuple[str, Path]]) -> str:
    """The conflicts by their owners."""
    texts = []
    for name in dict.fromkeys(name for name, _ in found):
        paths = [_dotted(path) for owner, path in found if owner == name]
        if len(paths) == 1:
            texts.append(f'conflict with "{name}": {paths[0]}')
        else:
            texts.append("\n- ".join([f'conflicts with "{name}":', *paths]))
    return "\n".join(texts)


def _dotted(path: Path) -> str:
    """`.spec.containers[name="a"].image`."""
    text = ""
    for step in path:
        kind, _, rest = step.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            pairs = part(orjson.loads(rest)).items()
            text += "[" + ",".join(f"{key}={_shown(value)}" for key, value in pairs) + "]"
        elif kind == "v":
            text += f"[={rest}]"
    return text


def _owners(object: Object) -> dict[str, frozenset[Path]]:
    return {
        text(one, "manager"): frozenset(_paths(part(one, "fieldsV1"), ()))
        for one in listed(meta(object), "managedFields")
        if text(one, "operation") == "Apply"
    }


def _paths(fields: Object, at: Path) -> list[Path]:
    found: list[Path] = []
    for step, inner in fields.items():
        below = part(inner)
        found += _paths(below, (*at, step)) if below else [(*at, step)]
    return found


def _entries(before: Object, owners: dict[str, frozenset[Path]], who: Applier) -> Json:
    """An entry that says what it said before keeps its time."""
    known = {text(one, "manager"): one for one in listed(meta(before), "managedFields")}
    entries: list[Json] = []
    for name, paths in owners.items():
        fields: Object = {}
        for path in sorted(paths):
            section(fields, *path)
        old = known.get(name)
        if paths and old is not None and old.get("fieldsV1") == fields:
            entries.append(old)
        elif paths:
            version = who.version if name == who.name else text(old or {}, "apiVersion")
            entries.append(
                {"manager": name, "operation": "Apply", "apiVersion": version,
                 "fieldsType": "FieldsV1", "fieldsV1": fields}
            )  # fmt: skip
    return entries


def stamped(object: Object, now: str) -> None:
    """The moment of every entry that has none yet."""
    entries: list[Json] = [
        one if text(one, "time") else {**one, "time": now}
        for one in listed(meta(object), "managedFields")
    ]
    meta(object)["managedFields"] = entries


def _at(value: Json, path: Path) -> Json:
    """The value of a field; None where there is none."""
    for step in path:
        kind, _, rest = step.partition(":")
        if kind == "f":
            value = value.get(rest) if isinstance(value, dict) else None
        elif step != ".":
            value = _find(value, kind, orjson.loads(rest))
    return value


def _find(value: Json, kind: str, wanted: Json) -> Json:
    for one in value if isinstance(value, list) else []:
        if one == wanted if kind == "v" else _has(one, wanted):
            return one
    return None


def _has(one: Json, keys: Json) -> bool:
    pairs = keys.items() if isinstance(keys, dict) else ()
    return isinstance(one, dict) and all(one.get(key) == value for key, value in pairs)


def _remove(object: Object, path: Path) -> None:
    """Take a field or an element away, and the maps that are empty then."""
    *above, last = path[:-1] if path[-1] == "." else path
    kind, _, rest = last.partition(":")
    parent = _at(object, tuple(above))
    if kind == "f" and isinstance(parent, dict):
        parent.pop(rest, None)
        if not parent and above and above[-1].startswith("f:"):
            _remove(object, tuple(above))
    elif kind in ("k", "v") and isinstance(parent, list):
        found = _find(parent, kind, orjson.loads(rest))
        if found is not None and (kind == "v" or path[-1] == "."):
            parent.remove(found)
