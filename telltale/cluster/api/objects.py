"""Reading and writing plain JSON objects by path, typed. Never: a rule of any kind.

The API server keeps objects as JSON, fields that it knows nothing of included.
"""

from telltale.kube.codec import Json, Object


def _at(value: Json, path: tuple[str | int, ...]) -> Json:
    """As `codec.dig`, for plain dicts and lists: this is asked a hundred times a request."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def section(object: Object, *path: str) -> Object:
    """The object at `path`, made where it is missing."""
    for step in path:
        found = object.get(step)
        if not isinstance(found, dict):
            found = object[step] = {}
        object = found
    return object


def meta(object: Object) -> Object:
    return section(object, "metadata")


def part(object: Json, *path: str | int) -> Object:
    """The object at `path`; an empty one, not stored, when there is none."""
    found = _at(object, path)
    return found if isinstance(found, dict) else {}


def text(object: Json, *path: str | int) -> str:
    """The text at `path`, "" when there is none."""
    found = _at(object, path)
    if isinstance(found, str):
        return found
    return "" if found is None else str(found)


def number(object: Json, *path: str | int, default: int = 0) -> int:
    found = _at(object, path)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def listed(object: Json, *path: str | int) -> list[Object]:
    """The objects in the list at `path`."""
    found = _at(object, path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def words(object: Json, *path: str | int) -> list[str]:
    """The texts in the list at `path`."""
    found = _at(object, path)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def mapping(object: Json, *path: str | int) -> dict[str, str]:
    """The texts in the map at `path`."""
    found = _at(object, path)
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def default(object: Object, **fields: Json) -> None:
    """Fill fields that are absent or null."""
    for key, value in fields.items():
        if object.get(key) is None:
            object[key] = value


def name_of(object: Json) -> str:
    return text(object, "metadata", "name")


def namespace_of(object: Json) -> str:
    return text(object, "metadata", "namespace")
