"""What is wrong with an object, field by field, in Kubernetes' words; and the refusals made of it.

Never: finding out. Texts: apimachinery `field.Error` and `errors.NewInvalid` and friends.
"""

from dataclasses import dataclass

import orjson

from telltale.cluster.api.resources import Resource
from telltale.kube import errors
from telltale.kube.codec import Json, Object


@dataclass(frozen=True, slots=True)
class Problem:
    """`reason` is the machine's word (FieldValueInvalid), `message` the person's."""

    reason: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def shown(value: Json) -> str:
    """A value as it appears in a message."""
    return orjson.dumps(value).decode()


def invalid(field: str, value: Json, why: str) -> Problem:
    return Problem("FieldValueInvalid", field, f"Invalid value: {shown(value)}: {why}")


def required(field: str, why: str = "") -> Problem:
    return Problem(
        "FieldValueRequired", field, f"Required value: {why}" if why else "Required value"
    )


def unsupported(field: str, value: Json, supported: list[str]) -> Problem:
    names = ", ".join(f'"{one}"' for one in supported)
    message = f"Unsupported value: {shown(value)}: supported values: {names}"
    return Problem("FieldValueNotSupported", field, message)


def duplicate(field: str, value: Json) -> Problem:
    return Problem("FieldValueDuplicate", field, f"Duplicate value: {shown(value)}")


def forbidden(field: str, why: str) -> Problem:
    return Problem("FieldValueForbidden", field, f"Forbidden: {why}")


def too_long(field: str, most: int) -> Problem:
    return Problem("FieldValueTooLong", field, f"Too long: may not be more than {most} bytes")


def not_found(field: str, value: Json) -> Problem:
    return Problem("FieldValueNotFound", field, f"Not found: {shown(value)}")


def refusal(kind: str, group: str, name: str, problems: list[Problem]) -> errors.Invalid:
    """422 with every problem named."""
    texts = list(dict.fromkeys(str(problem) for problem in problems))
    body = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    qualified = f"{kind}.{group}" if group else kind
    causes: list[Json] = [
        {"reason": one.reason, "message": one.message, "field": one.field} for one in problems
    ]
    details: Object = {"name": name, "kind": kind, "causes": causes}
    if group:
        details["group"] = group
    return errors.Invalid(f'{qualified} "{name}" is invalid: {body}', details)


def refuse(resource: Resource, name: str, problems: list[Problem]) -> None:
    """Raise `Invalid` when there is a problem."""
    if problems:
        raise refusal(resource.kind, resource.group, name, problems)


def details(resource: Resource, name: str) -> Object:
    found: Object = {"name": name, "kind": resource.plural}
    if resource.group:
        found["group"] = resource.group
    return found


def absent(resource: Resource, name: str) -> errors.NotFound:
    return errors.NotFound(f'{resource.qualified} "{name}" not found', details(resource, name))


def exists(resource: Resource, name: str) -> errors.AlreadyExists:
    said = f'{resource.qualified} "{name}" already exists'
    return errors.AlreadyExists(said, details(resource, name))


def conflict(resource: Resource, name: str, why: str = "") -> errors.Conflict:
    why = why or (
        "the object has been modified; please apply your changes to the latest version"
        " and try again"
    )
    said = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return errors.Conflict(said, details(resource, name))


def denied(
    resource: Resource, name: str, why: str, cause: Object | None = None
) -> errors.Forbidden:
    found = details(resource, name)
    if cause:
        found["causes"] = [cause]
    return errors.Forbidden(f'{resource.qualified} "{name}" is forbidden: {why}', found)
