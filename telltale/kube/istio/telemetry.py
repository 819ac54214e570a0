"""Telemetry (telemetry.istio.io): what is told of requests: logs, metrics, traces. Never: its
meaning.
"""

from typing import Literal, TypeAlias

from telltale.kube.istio.message import Duration, Message, Percentage, Selector

Mode: TypeAlias = Literal["CLIENT_AND_SERVER", "CLIENT", "SERVER"]
MetricName: TypeAlias = Literal[
    "ALL_METRICS", "REQUEST_COUNT", "REQUEST_DURATION", "REQUEST_SIZE", "RESPONSE_SIZE",
    "TCP_OPENED_CONNECTIONS", "TCP_CLOSED_CONNECTIONS", "TCP_SENT_BYTES", "TCP_RECEIVED_BYTES",
    "GRPC_REQUEST_MESSAGES", "GRPC_RESPONSE_MESSAGES",
]  # fmt: skip


class TargetRef(Message):
    """An object that the workloads serve, of the same namespace."""

    group: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""


class ProviderRef(Message):
    """One of MeshConfig's `extensionProviders`, or `prometheus` or `envoy`."""

    name: str = ""


class ModeMatch(Message):
    mode: Mode = "CLIENT_AND_SERVER"


class LiteralTag(Message):
    value: str = ""


class NamedTag(Message):
    name: str = ""
    default_value: str = ""


class CustomTag(Message):
    """Exactly one of the four."""

    literal: LiteralTag | None = None
    environment: NamedTag | None = None
    header: NamedTag | None = None
    formatter: LiteralTag | None = None


class Tracing(Message):
    match: ModeMatch = ModeMatch()
    providers: list[ProviderRef] = []
    random_sampling_percentage: Percentage | None = None
    disable_span_reporting: bool | None = None
    custom_tags: dict[str, CustomTag] = {}
    use_request_id_for_trace_sampling: bool | None = None
    enable_istio_tags: bool | None = None
    disable_context_propagation: bool | None = None


class MetricMatch(Message):
    metric: MetricName | None = None
    custom_metric: str | None = None
    mode: Mode = "CLIENT_AND_SERVER"


class TagOverride(Message):
    """`value` is an expression (CEL); a tag that is removed has none."""

    operation: Literal["UPSERT", "REMOVE"] = "UPSERT"
    value: str = ""


class MetricOverride(Message):
    match: MetricMatch = MetricMatch()
    disabled: bool | None = None
    tag_overrides: dict[str, TagOverride] = {}


class Metrics(Message):
    providers: list[ProviderRef] = []
    overrides: list[MetricOverride] = []
    reporting_interval: Duration | None = None


class LogFilter(Message):
    """`expression` (CEL) holds for what is logged."""

    expression: str = ""


class AccessLogging(Message):
    match: ModeMatch = ModeMatch()
    providers: list[ProviderRef] = []
    disabled: bool | None = None
    filter: LogFilter | None = None


class Telemetry(Message):
    selector: Selector | None = None
    target_ref: TargetRef | None = None
    target_refs: list[TargetRef] = []
    tracing: list[Tracing] = []
    metrics: list[Metrics] = []
    access_logging: list[AccessLogging] = []
