"""What is told of the requests of one workload: which are counted and how, logged, traced.

That is what all Telemetry objects and the mesh's own settings come to for it, on its two sides.
Never: which object said so, Envoy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from telltale.model.metric import Metric


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
    """A line for each request or connection. `form` is its format; "" is the default one.

    `json`: a format is an object's text. `keep`: the expression (CEL) that holds for what is
    logged; "" holds for everything.
    """

    path: str
    form: str = ""
    json: bool = False
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Collector:
    """A service of the mesh that telemetry is sent to."""

    host: str
    port: int


class GrpcLogs(StrEnum):
    OPENTELEMETRY = "opentelemetry"  # OTLP
    HTTP = "http"  # Envoy's own access log service, which is told of requests
    TCP = "tcp"  # the same, of connections


@dataclass(frozen=True, slots=True)
class GrpcLog:
    """The same sent to a collector."""

    kind: GrpcLogs
    collector: Collector
    name: str
    form: str = ""
    json: bool = False
    keep: str = ""


Log: TypeAlias = FileLog | GrpcLog


class Protocol(StrEnum):
    OTLP_GRPC = "otlp-grpc"
    OTLP_HTTP = "otlp-http"
    ZIPKIN = "zipkin"


@dataclass(frozen=True, slots=True)
class Tracer:
    """To whom spans are sent, and how. W3C's context is passed on with OTLP, B3's with Zipkin.

    `both_contexts`: with Zipkin, W3C's too. `headers` go with OTLP over HTTP.
    """

    protocol: Protocol
    collector: Collector
    path: str = ""
    timeout_s: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    short_ids: bool = False
    both_contexts: bool = False
    tag_length: int = 0


class TagFrom(StrEnum):
    LITERAL = "literal"
    ENVIRONMENT = "environment"
    HEADER = "header"
    FORMAT = "format"


@dataclass(frozen=True, slots=True)
class CustomTag:
    name: str
    source: TagFrom
    value: str
    default: str = ""


@dataclass(frozen=True, slots=True)
class Tracing:
    """`mesh_tags`: spans say who the workload is in the mesh's words."""

    tracer: Tracer
    percent: float = 1.0
    tags: tuple[CustomTag, ...] = ()
    by_request_id: bool = True
    mesh_tags: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """For the requests that it makes, or for those that it serves."""

    counting: Counting | None = Counting()
    logs: tuple[Log, ...] = ()
    tracing: Tracing | None = None

    def within(self, known: Callable[[str], bool]) -> "Side":
        logs = tuple(
            one for one in self.logs if isinstance(one, FileLog) or known(one.collector.host)
        )
        tracing = self.tracing
        kept = tracing if tracing and known(tracing.tracer.collector.host) else None
        return Side(self.counting, logs, kept)


@dataclass(frozen=True, slots=True)
class Observed:
    client: Side = Side()
    server: Side = Side()

    def within(self, known: Callable[[str], bool]) -> "Observed":
        """For a workload that sees these hosts' services only: it cannot send to any other."""
        return Observed(self.client.within(known), self.server.within(known))
