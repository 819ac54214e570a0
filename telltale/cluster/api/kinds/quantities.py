"""Amounts of memory and processor time: read, compared, judged. Pure. Source: `api/resource`."""

from decimal import Decimal

from telltale.cluster.api.objects import part
from telltale.cluster.api.problems import Problem, invalid
from telltale.kube import quantity
from telltale.kube.codec import Json, Object
from telltale.kube.errors import BadRequest


def amount(value: Json) -> Decimal:
    """A quantity as a number. Raises `BadRequest`."""
    try:
        return quantity.amount("" if isinstance(value, bool) else str(value))
    except ValueError:
        raise BadRequest(
            f"quantity {value!r}: quantities must match the regular expression"
            " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        ) from None


def resources(found: Object, field: str) -> list[Problem]:
    """Limits and requests of a container. Raises `BadRequest` for what is no quantity."""
    problems: list[Problem] = []
    limits, requests = part(found, "limits"), part(found, "requests")
    for key, given in (("limits", limits), ("requests", requests)):
        for name, value in given.items():
            if amount(value) < 0:
                why = "must be greater than or equal to 0"
                problems.append(invalid(f"{field}.{key}[{name}]", value, why))
    for name, value in requests.items():
        if name in limits and amount(value) > amount(limits[name]):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            problems.append(invalid(f"{field}.requests", value, why))
    return problems
