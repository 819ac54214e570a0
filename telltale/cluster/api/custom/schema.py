"""A custom resource against its structural schema: what is unknown, left out, or wrong. Pure.

Source of rules and texts: apiextensions-apiserver `schema/{pruning,defaulting}`, `validation`.
CEL rules (`x-kubernetes-validations`) are kept but not evaluated.
"""

import copy
import re
from collections.abc import Callable
from functools import lru_cache

from telltale.cluster.api.objects import listed, part, text, words
from telltale.cluster.api.problems import (
    Problem,
    duplicate,
    invalid,
    required,
    shown,
    too_long,
    unsupported,
)  # fmt: skip
from telltale.kube.codec import Json, Object, dig
from telltale.lib.moment import parse_rfc3339

_ROOT = ("apiVersion", "kind", "metadata")
_INT_OR_STRING = "x-kubernetes-int-or-string"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"


def prune(value: Json, schema: Object, path: str = "", root: bool = True) -> list[str]:
    """Drop the fields that the schema does not name; their paths."""
    found: list[str] = []
    if isinstance(value, list):
        if schema.get(_PRESERVE) is True and "items" not in schema:
            return found  # a list where anything may be: what is in it is kept, too
        for index, one in enumerate(value):
            found += prune(one, part(schema, "items"), f"{path}[{index}]", False)
    elif isinstance(value, dict):
        embedded = root or schema.get("x-kubernetes-embedded-resource") is True
        properties, more = part(schema, "properties"), schema.get("additionalProperties")
        for key in list(value):
            place = f"{path}.{key}" if path else key
            if embedded and key in _ROOT:
                continue
            if key in properties:
                found += prune(value[key], part(properties, key), place, False)
            elif isinstance(more, dict):
                found += prune(value[key], more, place, False)
            elif more is not True and schema.get(_PRESERVE) is not True:
                del value[key]
                found.append(place)
    return found


def default(value: Json, schema: Object) -> None:
    """Fill what is absent and has a default."""
    if isinstance(value, list):
        for one in value:
            default(one, part(schema, "items"))
    elif isinstance(value, dict):
        for key, inner in part(schema, "properties").items():
            if not isinstance(inner, dict):
                continue
            if key not in value and "default" in inner:
                value[key] = copy.deepcopy(inner["default"])
            if value.get(key) is None and "default" in inner and inner.get("nullable") is not True:
                value[key] = copy.deepcopy(inner["default"])
            default(value.get(key), inner)
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            for key, inner_value in value.items():
                if key not in part(schema, "properties"):
                    default(inner_value, more)


def validate(value: Json, schema: Object, path: str = "") -> list[Problem]:
    """Everything that is wrong, with the path of each."""
    if value is None:
        if schema.get("nullable") is True or not schema.get("type"):
            return []
        return [_wrong_type(path, value, text(schema, "type"))]
    if schema.get(_INT_OR_STRING) is True:
        fits = isinstance(value, (int, str)) and not isinstance(value, bool)
        return [] if fits else [_wrong_type(path, value, "integer,string")]
    if (type := text(schema, "type")) and not _is(value, type):
        return [_wrong_type(path, value, type)]
    problems = _enumerated(value, schema, path)
    if isinstance(value, str):
        problems += _text(value, schema, path)
    elif isinstance(value, dict):
        problems += _object(value, schema, path)
    elif isinstance(value, list):
        problems += _list(value, schema, path)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        problems += _number(value, schema, path)
    return problems + _combined(value, schema, path)


def _is(value: Json, type: str) -> bool:
    match type:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            )
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return True


_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"),
    (dict, "object"),
)  # fmt: skip


def _wrong_type(path: str, value: Json, type: str) -> Problem:
    given = next((name for kind, name in _NAMES if isinstance(value, kind)), "null")
    return Problem(
        "FieldValueTypeInvalid", path,
        f'Invalid value: "{given}": {path} in body must be of type {type}: "{given}"',
    )  # fmt: skip


def _enumerated(value: Json, schema: Object, path: str) -> list[Problem]:
    known = schema.get("enum")
    if not isinstance(known, list) or value in known:
        return []
    if all(isinstance(one, str) for one in known):
        return [unsupported(path, value, [str(one) for one in known])]
    names = ", ".join(shown(one) for one in known)
    message = f"Unsupported value: {shown(value)}: supported values: {names}"
    return [Problem("FieldValueNotSupported", path, message)]


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str] | None:
    """Go's syntax as Python reads it; None for what Python cannot read."""
    try:
        return re.compile(text.replace(r"\z", r"\Z"))
    except re.error:
        return None


def _text(value: str, schema: Object, path: str) -> list[Problem]:
    problems: list[Problem] = []
    most, least = schema.get("maxLength"), schema.get("minLength")
    if isinstance(most, int) and len(value) > most:
        problems.append(too_long(path, most))
    if isinstance(least, int) and len(value) < least:
        why = f"{path} in body should be at least {least} chars long"
        problems.append(invalid(path, value, why))
    wanted = text(schema, "pattern")
    compiled = _pattern(wanted) if wanted else None
    if compiled and not compiled.search(value):
        problems.append(invalid(path, value, f"{path} in body should match '{wanted}'"))
    if text(schema, "format") == "date-time" and not _is_time(value):
        why = f'{path} in body must be of type date-time: "{value}"'
        problems.append(invalid(path, value, why))
    return problems


def _is_time(value: str) -> bool:
    try:
        return parse_rfc3339(value).tzinfo is not None
    except ValueError:
        return False


def _number(value: int | float, schema: Object, path: str) -> list[Problem]:
    problems: list[Problem] = []
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(least, (int, float)):
        beyond = schema.get("exclusiveMinimum") is True
        if value < least or (beyond and value == least):
            how = "greater than" if beyond else "greater than or equal to"
            problems.append(invalid(path, value, f"{path} in body should be {how} {least}"))
    if isinstance(most, (int, float)):
        beyond = schema.get("exclusiveMaximum") is True
        if value > most or (beyond and value == most):
            how = "less than" if beyond else "less than or equal to"
            problems.append(invalid(path, value, f"{path} in body should be {how} {most}"))
    step = schema.get("multipleOf")
    if isinstance(step, (int, float)) and step and value % step:
        problems.append(invalid(path, value, f"{path} in body should be a multiple of {step}"))
    if text(schema, "format") == "int32" and not -(2**31) <= value < 2**31:
        problems.append(invalid(path, value, f"{path} in body must be of type int32"))
    return problems


def _object(value: Object, schema: Object, path: str) -> list[Problem]:
    properties, more = part(schema, "properties"), schema.get("additionalProperties")
    problems = [
        required(_at(path, key)) for key in words(schema, "required") if value.get(key) is None
        and not (key in value and part(properties, key).get("nullable") is True)
    ]  # fmt: skip
    missing = {problem.field for problem in problems}
    for key, inner in value.items():
        place = _at(path, key)
        if place in missing or (not path and key in _ROOT):
            continue
        if key in properties:
            problems += validate(inner, part(properties, key), place)
        elif isinstance(more, dict):
            problems += validate(inner, more, place)
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    if isinstance(least, int) and len(value) < least:
        why = f"{path} in body should have at least {least} properties"
        problems.append(invalid(path, len(value), why))
    if isinstance(most, int) and len(value) > most:
        message = f"Too many: {len(value)}: must have at most {most} items"
        problems.append(Problem("FieldValueTooMany", path, message))
    return problems


def _list(value: list[Json], schema: Object, path: str) -> list[Problem]:
    problems: list[Problem] = []
    for index, one in enumerate(value):
        problems += validate(one, part(schema, "items"), f"{path}[{index}]")
    least, most = schema.get("minItems"), schema.get("maxItems")
    if isinstance(least, int) and len(value) < least:
        why = f"{path} in body should have at least {least} items"
        problems.append(invalid(path, len(value), why))
    if isinstance(most, int) and len(value) > most:
        message = f"Too many: {len(value)}: must have at most {most} items"
        problems.append(Problem("FieldValueTooMany", path, message))
    kind = text(schema, "x-kubernetes-list-type")
    if kind == "set" or schema.get("uniqueItems") is True:
        problems += _twice(value, path, lambda one: one)
    elif kind == "map":
        keys = words(schema, "x-kubernetes-list-map-keys")
        problems += _twice(value, path, lambda one: {key: dig(one, key) for key in keys})
    return problems


def _twice(value: list[Json], path: str, name: Callable[[Json], Json]) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, one in enumerate(value):
        key = shown(name(one))
        if key in seen:
            problems.append(duplicate(f"{path}[{index}]", name(one)))
        seen.add(key)
    return problems


def _combined(value: Json, schema: Object, path: str) -> list[Problem]:
    """allOf, anyOf, oneOf, not."""
    problems = [one for each in listed(schema, "allOf") for one in validate(value, each, path)]
    every = listed(schema, "anyOf")
    if every and all(validate(value, each, path) for each in every):
        why = f"{path} in body must validate at least one schema (anyOf)"
        problems.append(invalid(path, value, why))
    every = listed(schema, "oneOf")
    if every and sum(not validate(value, each, path) for each in every) != 1:
        why = f"{path} in body must validate one and only one schema (oneOf)"
        problems.append(invalid(path, value, why))
    other = schema.get("not")
    if isinstance(other, dict) and not validate(value, other, path):
        problems.append(invalid(path, value, f"{path} in body must not validate the schema (not)"))
    return problems


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
