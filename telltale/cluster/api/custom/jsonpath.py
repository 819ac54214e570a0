"""The JSONPath of printer columns: fields, indexes, `[*]` and filters by equality. Pure."""

import re

from telltale.kube.codec import Json

_STEP = re.compile(
    r"\.(?P<field>(?:\\.|[^.\[\]\\])+)"
    r"|\['(?P<quoted>[^']*)'\]"
    r"|\[(?P<index>-?\d+)\]"
    r"|\[(?P<all>\*)\]"
    r"|\[\?\(@\.(?P<key>[^=!<>\s]+)\s*==\s*(?P<mark>[\"'])(?P<value>.*?)(?P=mark)\)\]"
)


class BadPath(ValueError):
    """A path that cannot be read."""


def steps(path: str) -> list[re.Match[str]]:
    """Raises `BadPath`."""
    found: list[re.Match[str]] = []
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if not step:
            raise BadPath(f"cannot read {path!r} at {path[at:]!r}")
        found.append(step)
        at = step.end()
    return found


def find(object: Json, path: str) -> list[Json]:
    """The values at a path. Raises `BadPath`."""
    found = [object]
    for step in steps(path):
        found = [inner for value in found for inner in _step(value, step)]
    return found


def _step(value: Json, step: re.Match[str]) -> list[Json]:
    if step["field"] is not None or step["quoted"] is not None:
        key = step["quoted"] if step["field"] is None else re.sub(r"\\(.)", r"\1", step["field"])
        return [value[key]] if isinstance(value, dict) and key in value else []
    if not isinstance(value, list):
        return list(value.values()) if step["all"] and isinstance(value, dict) else []
    if step["all"]:
        return value
    if step["index"] is not None:
        at = int(step["index"])
        return [value[at]] if -len(value) <= at < len(value) else []
    key, wanted = step["key"], step["value"]
    return [one for one in value if isinstance(one, dict) and str(one.get(key)) == wanted]
