"""A way as rows of text, and as one JSON object. Pure. Never: printing."""

from collections.abc import Iterable

from telltale.inspect.landing import Landing
from telltale.inspect.rows import Cells
from telltale.inspect.way import Outcome, Way
from telltale.kube.codec import Json, Object
from telltale.pilot.intake.problem import Problem

TITLES = ("STEP", "WHAT", "BECAUSE", "DECIDED BY")


def cells(found: Way) -> list[Cells]:
    return [TITLES, *((one.kind, one.name, one.because, one.object) for one in found.steps)]


def summary(found: Way) -> str:
    """The last line: what becomes of the request."""
    if found.outcome is Outcome.FORWARDED:
        shares = ", ".join(_share(one) for one in found.landings)
        return f"forwarded to {shares}" + (f"; {found.said}" if found.said else "")
    if found.outcome is Outcome.UNDECIDED:
        return f"cannot be told from here: {found.said}"
    return f"{found.outcome}: {found.said}"


def _share(one: Landing) -> str:
    return one.cluster if one.share == 1 else f"{one.cluster} ({100 * one.share:.4g}%)"


def concerning(found: Way, problems: Iterable[Problem]) -> list[str]:
    """Those problems that are of an object which decided a step."""
    deciding = {one.object for one in found.steps}
    return [str(one) for one in problems if str(one.object) in deciding]


def as_json(found: Way) -> Object:
    request = found.request
    steps: list[Json] = [
        {"step": one.kind, "name": one.name, "because": one.because, "object": one.object}
        for one in found.steps
    ]
    headers: Object = {name: ", ".join(values) for name, values in request.headers.items()}
    return {
        "from": found.source,
        "request": {
            "host": request.host, "port": request.port, "path": request.path,
            "method": request.method, "headers": headers,
        },
        "outcome": str(found.outcome), "said": found.said, "steps": steps,
        "clusters": [_landing(one) for one in found.landings],
    }  # fmt: skip


def _landing(one: Landing) -> Object:
    endpoints: list[Json] = [
        {"address": place.address, "workload": place.workload} for place in one.endpoints
    ]
    return {
        "name": one.cluster, "share": one.share, "object": one.object,
        "endpoints": endpoints, "chosen": one.chosen,
    }  # fmt: skip
