"""MeshConfig's extension providers into where telemetry goes. Pure.

A provider that cannot be had is a Problem, and nobody uses it. Never: who uses which.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from telltale.kube.codec import Json, Malformed, Object, convert, encode, parse_object
from telltale.kube.istio import providers as istio
from telltale.kube.istio.message import Message
from telltale.kube.meta import Ref
from telltale.model.observed import (
    Collector,
    FileLog,
    GrpcLog,
    GrpcLogs,
    Log,
    Protocol,
    Tracer,
)
from telltale.model.options import Options, Provider
from telltale.model.service import Service
from telltale.model.telemetry import ENVOY, PROMETHEUS, STDOUT, Sinks
from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.telemetry import formats

M = TypeVar("M", bound=Message)

# Of these others make something, or nothing needs to be made.
_OF_OTHERS = {PROMETHEUS, "envoyExtAuthzHttp", "envoyExtAuthzGrpc"}
KNOWN = "prometheus, envoyFileAccessLog, envoyOtelAls, envoyHttpAls, envoyTcpAls, opentelemetry, "
KNOWN += "zipkin"


@dataclass
class Reading:
    """What is found, and what is wrong."""

    services: Mapping[str, Service]
    logs: dict[str, Log] = field(default_factory=dict)
    tracers: dict[str, Tracer] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    at: str = ""

    def wrong(self, field: str, what: str, hint: str) -> None:
        ref = Ref("ConfigMap", "istio-system", "istio")
        where = f"{self.at}.{field}" if field else self.at
        self.problems.append(Problem(ref, where, what, "nothing is sent there", hint))

    def collector(self, service: str, port: int) -> Collector | None:
        """`[namespace/]host`, which the mesh must know, and one of its ports."""
        host = service.rpartition("/")[2].lower().rstrip(".")
        known = self.services.get(host)
        if known is None:
            self.wrong("service", f"{service!r} is no service of the mesh",
                       "name a Service by its full host, as zipkin.istio-system.svc.cluster.local, "
                       "or write a ServiceEntry for it")  # fmt: skip
            return None
        if known.port(port) is None:
            ports = ", ".join(str(one.number) for one in known.ports) or "none"
            self.wrong("port", f"{port} is no port of {host}", f"it has {ports}")
            return None
        return Collector(host, port)


def read(options: Options, services: Mapping[str, Service]) -> tuple[Sinks, list[Problem]]:
    found = Reading(services)
    for index, one in enumerate(options.providers):
        found.at = f"mesh.extensionProviders[{index}].{one.kind}"
        make = _KINDS.get(one.kind)
        if make is not None:
            make(found, one)
        elif one.kind not in _OF_OTHERS:
            found.wrong("", f"{one.name!r} is of a kind that is not spoken to here",
                        f"use one of {KNOWN}")  # fmt: skip
    known = {one.name for one in options.providers} | {PROMETHEUS, ENVOY}
    for field_, named in (("tracing", options.told.tracing), ("metrics", options.told.metrics),
                          ("accessLogging", options.told.logging)):  # fmt: skip
        for name in named:
            if name not in known:
                found.at = f"mesh.defaultProviders.{field_}"
                found.wrong("", f"{name!r} is no provider", f"name one of {_listed(known)}")
    return Sinks(_envoy(found, options), found.logs, found.tracers), found.problems


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _settings(found: Reading, one: Provider, shape: type[M]) -> M | None:
    """Unknown fields are told, as they would be without effect."""
    names = {*shape.__struct_encode_fields__}
    for key in one.settings:
        if key not in names:
            found.wrong(key, "is not followed", "take it out; what is followed: "
                        f"{_listed(names)}")  # fmt: skip
    given: Json = {key: _json(value) for key, value in one.settings.items() if key in names}
    try:
        return convert(shape, given)
    except Malformed as error:
        found.wrong("", str(error), "correct the field")
        return None


def _json(value: object) -> Json:
    """Settings are JSON as it was read."""
    return value  # type: ignore[return-value]


def _envoy(found: Reading, options: Options) -> FileLog:
    """The provider that every mesh has: MeshConfig's own access log."""
    form, json = options.access_log_format, options.access_log_json
    found.at = "mesh"
    if json and form:
        try:
            labels: Object | None = parse_object(form)
        except Malformed as error:
            found.wrong("accessLogFormat", f"is no JSON object: {error}", "correct it, or say "
                        "accessLogEncoding: TEXT")  # fmt: skip
            labels, form = None, ""
        form, json = _form(found, "accessLogFormat", None, labels)
    else:
        form, _ = _form(found, "accessLogFormat", form, None)
    return FileLog(options.access_log or STDOUT, form, options.access_log_json)


def _file(found: Reading, one: Provider) -> None:
    if said := _settings(found, one, istio.FileAccessLog):
        found.logs[one.name] = FileLog(said.path or STDOUT, *_format(found, said.log_format))


def _format(found: Reading, given: istio.LogFormat | None) -> tuple[str, bool]:
    return _form(found, "logFormat", given.text, given.labels) if given else ("", False)


def _form(
    found: Reading, at: str, text: str | None, labels: Object | None
) -> tuple[str, bool]:
    """A format, and whether it is an object's; one that Envoy cannot read is the default one."""
    texts = [text] if text else list(_texts(labels))
    for one in texts:
        if wrong := formats.fault(one):
            found.wrong(at, wrong, "correct it; the default format is used until then")
            return "", labels is not None
    if labels is not None:
        return encode(labels).decode(), True
    return text or "", False


def _texts(value: Json) -> Iterator[str]:
    """All formats within a JSON value."""
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _texts(one)


def _otel_log(found: Reading, one: Provider) -> None:
    said = _settings(found, one, istio.OtelLog)
    if said and (where := found.collector(said.service, said.port)):
        form, json = _format(found, said.log_format)
        name = said.log_name or "otel_envoy_accesslog"
        found.logs[one.name] = GrpcLog(GrpcLogs.OPENTELEMETRY, where, name, form, json)


def _als(kind: GrpcLogs, default: str) -> Callable[[Reading, Provider], None]:
    def make(found: Reading, one: Provider) -> None:
        said = _settings(found, one, istio.Als)
        if said and (where := found.collector(said.service, said.port)):
            found.logs[one.name] = GrpcLog(kind, where, said.log_name or default)

    return make


def _opentelemetry(found: Reading, one: Provider) -> None:
    said = _settings(found, one, istio.OpenTelemetry)
    if said is None or (where := found.collector(said.service, said.port)) is None:
        return
    http = said.http
    found.tracers[one.name] = Tracer(
        Protocol.OTLP_HTTP if http else Protocol.OTLP_GRPC, where,
        path=(http.path if http else "") or "/v1/traces",
        timeout_s=seconds(http.timeout) if http else None,
        headers=tuple((header.name, header.value) for header in http.headers) if http else (),
        tag_length=said.max_tag_length,
    )  # fmt: skip


def _zipkin(found: Reading, one: Provider) -> None:
    said = _settings(found, one, istio.Zipkin)
    if said and (where := found.collector(said.service, said.port)):
        found.tracers[one.name] = Tracer(
            Protocol.ZIPKIN, where, path=said.path or "/api/v2/spans",
            short_ids=said.enable64bit_trace_id, tag_length=said.max_tag_length,
            both_contexts=said.trace_context_option == "USE_B3_WITH_W3C_PROPAGATION",
        )  # fmt: skip


_KINDS: Mapping[str, Callable[[Reading, Provider], None]] = {
    "envoyFileAccessLog": _file,
    "envoyOtelAls": _otel_log,
    "envoyHttpAls": _als(GrpcLogs.HTTP, "http_envoy_accesslog"),
    "envoyTcpAls": _als(GrpcLogs.TCP, "tcp_envoy_accesslog"),
    "opentelemetry": _opentelemetry,
    "zipkin": _zipkin,
}
