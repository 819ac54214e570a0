"""What several Telemetry objects come to."""

from dataclasses import replace

from telltale.model.metric import Metric, Reporter
from telltale.model.observed import Collector, FileLog, Label, Protocol, Tracer
from telltale.model.options import Options, Told
from telltale.model.scope import Origin, Scope
from telltale.model.telemetry import (
    LogRule,
    MetricRule,
    Sinks,
    Telemetry,
    TraceRule,
    observed,
)

ROOT = "istio-system"
TRACER = Tracer(Protocol.ZIPKIN, Collector("z", 1))
OTHER = replace(TRACER, collector=Collector("o", 1))
SINKS = Sinks(FileLog("/dev/stdout"), {"a": FileLog("a"), "b": FileLog("b")},
              {"z": TRACER, "o": OTHER})  # fmt: skip
OPTIONS = Options()


def said(namespace: str, *, created: str = "1", app: str = "", **what: object) -> Telemetry:
    scope = Scope(("*",) if namespace == ROOT else (namespace,), (("app", app),) if app else ())
    return Telemetry(Origin(created, f"t{created}", namespace), scope, **what)


def seen(*told: Telemetry, options: Options = OPTIONS, app: str = "front"):
    return observed(sorted(told, key=lambda one: one.origin), SINKS, options, "shop",
                    (("app", app),))  # fmt: skip


def paths(*told: Telemetry, options: Options = OPTIONS, app: str = "front") -> list[str]:
    return [log.path for log in seen(*told, options=options, app=app).client.logs]


def test_nothing_said_is_the_meshs_own_log_and_all_metrics():
    assert paths() == [] and paths(options=Options(access_log="/dev/stdout")) == ["/dev/stdout"]
    assert seen().client.counting.off == frozenset() and seen().server.tracing is None


def test_the_closest_that_names_providers_says_which():
    mesh = said(ROOT, logs=(LogRule(providers=("a",)),))
    shop = said("shop", logs=(LogRule(providers=("b",)),))
    assert paths(mesh) == ["a"] and paths(mesh, shop) == ["b"]
    assert paths(mesh, said("shop", logs=(LogRule(off=True),))) == []
    assert paths(mesh, said("elsewhere", logs=(LogRule(off=True),))) == ["a"]


def test_a_selector_goes_before_its_namespace_and_the_eldest_before_the_rest():
    shop = said("shop", logs=(LogRule(providers=("a",)),))
    front = said("shop", app="front", logs=(LogRule(providers=("b",)),))
    younger = said("shop", created="2", logs=(LogRule(off=True),))
    assert paths(shop, front, younger) == ["b"]
    assert paths(shop, front, younger, app="cart") == ["a"]


def test_logs_are_kept_by_side_and_by_expression():
    told = seen(said("shop", logs=(
        LogRule((Reporter.SOURCE,), ("a",)), LogRule((Reporter.DESTINATION,), ("a",), keep="x"),
    )))  # fmt: skip
    assert [log.keep for log in told.client.logs] == [""]
    assert [log.keep for log in told.server.logs] == ["x"]


def test_overrides_of_metrics_add_up():
    mesh = said(ROOT, metrics=(MetricRule(metrics=tuple(Metric), off=True),))
    shop = said("shop", metrics=(
        MetricRule((Reporter.SOURCE,), (Metric.REQUESTS,), off=False, labels=(Label("a", "1"),)),
        MetricRule(metrics=(Metric.REQUESTS,), labels=(Label("a", "2"), Label("b"))),
    ))  # fmt: skip
    told = seen(mesh, shop)
    assert told.client.counting.off == frozenset(Metric) - {Metric.REQUESTS}
    assert told.server.counting.off == frozenset(Metric)
    assert told.client.counting.labels[Metric.REQUESTS] == (Label("a", "2"), Label("b"))


def test_metrics_of_another_provider_are_not_counted():
    assert seen(said("shop", counted_by=("stackdriver",))).client.counting is None
    assert seen(options=Options(told=Told(metrics=("other",)))).client.counting is None


def test_tracing_field_by_field():
    options = Options(told=Told(tracing=("z",)))
    assert seen(options=options).client.tracing.percent == 1.0
    mesh = said(ROOT, traces=(TraceRule(percent=50),))
    front = said("shop", app="front", traces=(TraceRule(providers=("o",), mesh_tags=True),))
    told = seen(mesh, front, options=options).client.tracing
    assert (told.tracer, told.percent, told.mesh_tags) == (OTHER, 50, True)
    off = said("shop", traces=(TraceRule((Reporter.DESTINATION,), off=True),))
    told = seen(mesh, off, options=options)
    assert told.client.tracing and told.server.tracing is None


def test_nobody_sends_to_a_service_that_he_does_not_see():
    options = Options(told=Told(tracing=("z",), logging=("a",)))
    told = seen(options=options).within(lambda host: host == "o")
    assert told.client.tracing is None and [log.path for log in told.client.logs] == ["a"]
