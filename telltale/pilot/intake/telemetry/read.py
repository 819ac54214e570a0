"""Telemetry objects into what they say of logs, metrics and traces. Pure.

What is wrong with one in itself, and a provider that nobody defined, is a Problem and passed over;
the rest of it holds. Never: what several of them come to (`model.telemetry`).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from telltale.kube.istio import telemetry as istio
from telltale.kube.istio.kinds import TELEMETRY
from telltale.kube.istio.message import Config
from telltale.kube.meta import Ref
from telltale.lib.memo import Memo
from telltale.model.metric import Metric, Reporter, Tag
from telltale.model.observed import CustomTag, Label, TagFrom
from telltale.model.options import DEFAULT, Options
from telltale.model.telemetry import (
    BOTH,
    ENVOY,
    PROMETHEUS,
    LogRule,
    MetricRule,
    Telemetry,
    TraceRule,
)
from telltale.pilot.intake import chosen
from telltale.pilot.intake.istio import Reader, read_all
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.telemetry import formats
from telltale.pilot.intake.telemetry.expressions import fault

_SIDES = {
    "CLIENT": (Reporter.SOURCE,), "SERVER": (Reporter.DESTINATION,), "CLIENT_AND_SERVER": BOTH,
}  # fmt: skip
_METRICS = {
    "REQUEST_COUNT": Metric.REQUESTS,
    "REQUEST_DURATION": Metric.DURATION,
    "REQUEST_SIZE": Metric.REQUEST_BYTES,
    "RESPONSE_SIZE": Metric.RESPONSE_BYTES,
    "TCP_OPENED_CONNECTIONS": Metric.OPENED,
    "TCP_CLOSED_CONNECTIONS": Metric.CLOSED,
    "TCP_SENT_BYTES": Metric.SENT,
    "TCP_RECEIVED_BYTES": Metric.RECEIVED,
}
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# Under these Envoy tells the agent what it makes labels of.
_TAKEN = {Tag.REPORTER, Tag.PEER, Tag.SERVICE, Tag.OWN_PRINCIPAL, Tag.PEER_PRINCIPAL, Tag.WITHOUT}
_LOG_KINDS = {"envoyFileAccessLog", "envoyOtelAls", "envoyHttpAls", "envoyTcpAls"}
_TRACE_KINDS = {"opentelemetry", "zipkin"}
_HINT = "name one of MeshConfig's extensionProviders that does this"


def read(
    given: Iterable[Config], options: Options, memo: Memo
) -> tuple[list[Telemetry], list[Problem]]:
    """The eldest first; one with several targets comes once for each."""
    one = memo.of(_reader, options)
    found, problems = read_all(
        TELEMETRY, istio.Telemetry, given, options.domain, one, memo=memo
    )
    told = [each for several in found for each in several]
    return told, [*problems, *_younger(told)]


def check(given: Iterable[Config], domain: str) -> tuple[list[Telemetry], list[Problem]]:
    """What can be said without MeshConfig, whose providers are then not asked for."""
    found, problems = read_all(TELEMETRY, istio.Telemetry, given, domain, _alone)
    return [each for several in found for each in several], problems


def _alone(reader: Reader, spec: istio.Telemetry) -> list[Telemetry]:
    return list(_telemetries(reader, spec, DEFAULT.root, ANY))


def _reader(options: Options) -> Callable[[Reader, istio.Telemetry], list[Telemetry]]:
    kinds: dict[str, set[str]] = {}
    for provider in options.providers:
        kinds.setdefault(provider.kind, set()).add(provider.name)
    known = Known(
        logs={ENVOY}.union(*(kinds.get(kind, ()) for kind in _LOG_KINDS)),
        metrics={PROMETHEUS, *kinds.get(PROMETHEUS, ())},
        traces=set().union(*(kinds.get(kind, ()) for kind in _TRACE_KINDS)),
    )  # fmt: skip
    return lambda reader, spec: list(_telemetries(reader, spec, options.root, known))


def _younger(told: Iterable[Telemetry]) -> Iterator[Problem]:
    """Those that are without effect, as an elder holds for the same workloads."""
    elder: dict[object, Telemetry] = {}
    for one in told:
        first = elder.setdefault((one.origin.namespace, one.scope), one)
        if first.origin != one.origin:
            yield Problem(
                Ref(TELEMETRY.kind, one.origin.namespace, one.origin.name), "spec.selector",
                f"is that of {first.origin.name}, which is older", "this one has no effect",
                "put both into one object", Level.WARNING,
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """The names of MeshConfig's providers, by what they are for; None: nobody knows."""

    logs: set[str] | None = None
    metrics: set[str] | None = None
    traces: set[str] | None = None


ANY = Known()


def _telemetries(
    reader: Reader, spec: istio.Telemetry, root: str, known: Known
) -> Iterator[Telemetry]:
    refs = [*([spec.target_ref] if spec.target_ref else []), *spec.target_refs]
    wanted = spec.selector.match_labels if spec.selector else None
    logs = tuple(_log(reader, known, *one) for one in enumerate(spec.access_logging))
    traces = tuple(_trace(reader, known, *one) for one in enumerate(spec.tracing))
    metrics = tuple(_metrics(reader, spec.metrics))
    counted_by = _counted_by(reader, spec.metrics, known)
    for scope in chosen.scopes(reader, root, "selector", wanted, refs):
        yield Telemetry(reader.origin, scope, logs, metrics, counted_by, traces)


def _log(reader: Reader, known: Known, index: int, one: istio.AccessLogging) -> LogRule:
    at = f"spec.accessLogging[{index}]"
    keep = one.filter.expression if one.filter else ""
    if keep and (wrong := fault(keep)):
        reader.wrong(f"{at}.filter.expression", f"{keep!r} {wrong}", "everything is logged",
                     "write it as response.code >= 400")  # fmt: skip
        keep = ""
    names = _providers(reader, at, one.providers, known.logs)
    return LogRule(_SIDES[one.match.mode], names, bool(one.disabled), keep)


def _providers(
    reader: Reader, at: str, given: list[istio.ProviderRef], known: set[str] | None
) -> tuple[str, ...]:
    for index, one in enumerate(given):
        if known is not None and one.name not in known:
            reader.wrong(f"{at}.providers[{index}].name", f"{one.name!r} is no such provider",
                         "nothing is sent to it", f"{_HINT}: {', '.join(sorted(known)) or 'none'}",
                         )  # fmt: skip
    return tuple(one.name for one in given)


def _counted_by(
    reader: Reader, given: list[istio.Metrics], known: Known
) -> tuple[str, ...] | None:
    names: list[str] = []
    for index, one in enumerate(given):
        names += _providers(reader, f"spec.metrics[{index}]", one.providers, known.metrics)
    return tuple(names) or None


def _metrics(reader: Reader, given: list[istio.Metrics]) -> Iterator[MetricRule]:
    for index, one in enumerate(given):
        at = f"spec.metrics[{index}]"
        if one.reporting_interval is not None:
            reader.warn(f"{at}.reportingInterval", "is not followed",
                        "a TCP connection's bytes are counted when it ends",
                        "take it out")  # fmt: skip
        for number, override in enumerate(one.overrides):
            rule = _override(reader, f"{at}.overrides[{number}]", override)
            if rule is not None:
                yield rule


def _override(reader: Reader, at: str, one: istio.MetricOverride) -> MetricRule | None:
    match = one.match
    if match.custom_metric is not None or (match.metric or "").startswith("GRPC_"):
        named = "customMetric" if match.custom_metric is not None else "metric"
        reader.wrong(f"{at}.match.{named}", f"{match.custom_metric or match.metric!r} is not "
                     "counted here", "the override is left out",
                     f"name one of {', '.join(_METRICS)}")  # fmt: skip
        return None
    chosen_ = [_METRICS[match.metric]] if match.metric in _METRICS else [*_METRICS.values()]
    labels = (_label(reader, f"{at}.tagOverrides", *two) for two in one.tag_overrides.items())
    return MetricRule(
        _SIDES[match.mode], tuple(chosen_), one.disabled,
        tuple(label for label in labels if label),
    )  # fmt: skip


def _label(reader: Reader, at: str, name: str, one: istio.TagOverride) -> Label | None:
    where, value = f"{at}.{name}", one.value
    upsert = one.operation == "UPSERT"
    wrong = ""
    if not _LABEL.fullmatch(name) or (upsert and name in _TAKEN):
        wrong = "is no name that a label can be given"
    elif upsert and not value:
        wrong = "has no value"
    elif not upsert and value:
        wrong = "is removed and has a value"
    elif upsert:
        wrong = fault(value) or ("has )% in its value" if ")%" in value else "")
    if wrong:
        reader.wrong(where, wrong, "the tag stays as it is",
                     "write UPSERT with an expression such as request.host, or REMOVE without",
                     )  # fmt: skip
        return None
    if "stream_peer." in value:
        reader.warn(where, f"{value!r} asks for the peer's metadata", "Envoy does not know it here",
                    "use a request's attribute, such as request.headers['x']")  # fmt: skip
    return Label(name, value if upsert else "")


def _trace(reader: Reader, known: Known, index: int, one: istio.Tracing) -> TraceRule:
    at = f"spec.tracing[{index}]"
    if len(one.providers) > 1:
        reader.warn(f"{at}.providers", "are several", "spans go to the first", "name one")
    if one.disable_context_propagation:
        reader.wrong(f"{at}.disableContextPropagation", "cannot be had",
                     "the context is passed on", "take it out")  # fmt: skip
    tags = (_tag(reader, f"{at}.customTags.{name}", name, tag)
            for name, tag in sorted(one.custom_tags.items()))  # fmt: skip
    return TraceRule(
        sides=_SIDES[one.match.mode],
        providers=_providers(reader, at, one.providers, known.traces),
        percent=one.random_sampling_percentage,
        off=one.disable_span_reporting,
        tags=tuple(tag for tag in tags if tag),
        by_request_id=one.use_request_id_for_trace_sampling,
        mesh_tags=one.enable_istio_tags,
    )


def _tag(reader: Reader, at: str, name: str, one: istio.CustomTag) -> CustomTag | None:
    said = []
    if one.literal:
        said.append(CustomTag(name, TagFrom.LITERAL, one.literal.value))
    if one.environment:
        there = one.environment
        said.append(CustomTag(name, TagFrom.ENVIRONMENT, there.name, there.default_value))
    if one.header:
        there = one.header
        said.append(CustomTag(name, TagFrom.HEADER, there.name.lower(), there.default_value))
    if one.formatter and not formats.fault(one.formatter.value):
        said.append(CustomTag(name, TagFrom.FORMAT, one.formatter.value))
    if len(said) != 1 or not name or not said[0].value:
        reader.wrong(at, f"says {len(said)} of literal, environment, header, formatter, or none "
                     "in full", "the tag is left out", "give exactly one, with its value or name",
                     )  # fmt: skip
        return None
    return said[0]
