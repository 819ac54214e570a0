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
    """The object's API group; empty for Services."""
    kind: str = ""
    """Gateway, GatewayClass, Service or ServiceEntry."""
    name: str = ""
    """The object's name."""
    namespace: str = ""
    """Its namespace; only this object's own."""


class ProviderRef(Message):
    """One of MeshConfig's `extensionProviders`, or `prometheus` or `envoy`."""

    name: str = ""
    """The provider's name."""


class ModeMatch(Message):
    mode: Mode = "CLIENT_AND_SERVER"
    """As the client, as the server, or both."""


class LiteralTag(Message):
    value: str = ""
    """The text."""


class NamedTag(Message):
    name: str = ""
    """The name of the header or of the variable."""
    default_value: str = ""
    """What is told where there is none."""


class CustomTag(Message):
    """Exactly one of the four."""

    literal: LiteralTag | None = None
    """A text."""
    environment: NamedTag | None = None
    """A variable of the proxy's environment."""
    header: NamedTag | None = None
    """A header of the request."""
    formatter: LiteralTag | None = None
    """A text with Envoy's access log commands."""


class Tracing(Message):
    match: ModeMatch = ModeMatch()
    """For which direction this holds."""
    providers: list[ProviderRef] = []
    """Where spans go."""
    random_sampling_percentage: Percentage | None = None
    """How many of a hundred requests are traced."""
    disable_span_reporting: bool | None = None
    """Pass the trace context on, and send no spans."""
    custom_tags: dict[str, CustomTag] = {}
    """Further tags of spans, by name."""
    use_request_id_for_trace_sampling: bool | None = None
    """Whether x-request-id carries the decision to sample."""
    enable_istio_tags: bool | None = None
    """Whether spans have Istio's own tags."""
    disable_context_propagation: bool | None = None
    """Do not pass the trace context on."""


class MetricMatch(Message):
    metric: MetricName | None = None
    """One of the mesh's metrics, or all."""
    custom_metric: str | None = None
    """A metric of another name."""
    mode: Mode = "CLIENT_AND_SERVER"
    """As the client, as the server, or both."""


class TagOverride(Message):
    """`value` is an expression (CEL); a tag that is removed has none."""

    operation: Literal["UPSERT", "REMOVE"] = "UPSERT"
    """Set the label, or take it away."""
    value: str = ""
    """The label's value, as an expression (CEL)."""


class MetricOverride(Message):
    match: MetricMatch = MetricMatch()
    """Which metric."""
    disabled: bool | None = None
    """Whether it is not counted at all."""
    tag_overrides: dict[str, TagOverride] = {}
    """Its labels, by name."""


class Metrics(Message):
    providers: list[ProviderRef] = []
    """Where metrics go; prometheus is pulled."""
    overrides: list[MetricOverride] = []
    """What differs from the mesh's metrics."""
    reporting_interval: Duration | None = None
    """How often metrics are sent to who has them pushed."""


class LogFilter(Message):
    """`expression` (CEL) holds for what is logged."""

    expression: str = ""
    """What is logged: an expression (CEL) over the request and its response."""


class AccessLogging(Message):
    match: ModeMatch = ModeMatch()
    """For which direction this holds."""
    providers: list[ProviderRef] = []
    """Where lines go."""
    disabled: bool | None = None
    """Write none."""
    filter: LogFilter | None = None
    """Write lines for some requests alone."""


class Telemetry(Message):
    selector: Selector | None = None
    """Which workloads of the namespace; all if absent."""
    target_ref: TargetRef | None = None
    """Deprecated: use targetRefs."""
    target_refs: list[TargetRef] = []
    """Which Gateways or Services, in place of a selector."""
    tracing: list[Tracing] = []
    """What is traced."""
    metrics: list[Metrics] = []
    """What is counted."""
    access_logging: list[AccessLogging] = []
    """What is logged."""
