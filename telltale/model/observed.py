"""What is told of the requests of one workload: which are counted and how, logged, traced.

That is what all Telemetry objects and the mesh's own settings come to for it, on its two sides.
Never: which object said so, Envoy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from telltale.model.metric import Metric
from telltale.model.options import Options


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a metric by its expression (CEL); without one it is not wanted."""

    name: str
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Counting:
    """Metrics that are not counted, and labels of those that are."""

    off: frozenset[Metric] = frozenset()
    labels: Mapping[Metric, tuple[Label, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileLog:
    """A line for each request or connection. `text` is a line's format, or else `fields` of JSON.

    Neither: the default format. `keep`: the expression (CEL) that holds for what is logged.
    """

    path: str
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    json: bool = False
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """For the requests that it makes, or for those that it serves."""

    counting: Counting | None = Counting()
    logs: tuple[FileLog, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    client: Side = Side()
    server: Side = Side()


def default(options: Options) -> Observed:
    """What the mesh's own settings say, where no Telemetry object says anything."""
    log = FileLog(options.access_log, options.access_log_format, json=options.access_log_json)
    side = Side(Counting(), (log,) if options.access_log else ())
    return Observed(side, side)
