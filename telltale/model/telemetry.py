"""What Telemetry objects say, and what all of them come to for one workload.

The root namespace's object holds for the mesh, a namespace's for its workloads, one with a selector
for those with its labels; of several of one sort the eldest. Who says nothing of something leaves
it as it was. Never: Kubernetes, Envoy.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from telltale.model.metric import Metric, Reporter
from telltale.model.observed import (
    Counting,
    CustomTag,
    FileLog,
    Label,
    Log,
    Observed,
    Side,
    Tracer,
    Tracing,
)
from telltale.model.options import Options
from telltale.model.scope import Labels, Origin, Scope

BOTH = (Reporter.SOURCE, Reporter.DESTINATION)
PROMETHEUS, ENVOY = "prometheus", "envoy"  # providers that every mesh has
STDOUT = "/dev/stdout"
SAMPLING_PERCENT = 1.0


@dataclass(frozen=True, slots=True)
class LogRule:
    """No providers: those of the level above. `keep` is an expression, "" for everything."""

    sides: tuple[Reporter, ...] = BOTH
    providers: tuple[str, ...] = ()
    off: bool = False
    keep: str = ""


@dataclass(frozen=True, slots=True)
class MetricRule:
    """What changes for some metrics; `off` None leaves that as it is."""

    sides: tuple[Reporter, ...] = BOTH
    metrics: tuple[Metric, ...] = ()
    off: bool | None = None
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class TraceRule:
    """None: as the level above says."""

    sides: tuple[Reporter, ...] = BOTH
    providers: tuple[str, ...] = ()
    percent: float | None = None
    off: bool | None = None
    tags: tuple[CustomTag, ...] = ()
    by_request_id: bool | None = None
    mesh_tags: bool | None = None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One object. `counted_by`: the providers that metrics go to, None where it says nothing."""

    origin: Origin
    scope: Scope = field(default_factory=Scope)
    logs: tuple[LogRule, ...] = ()
    metrics: tuple[MetricRule, ...] = ()
    counted_by: tuple[str, ...] | None = None
    traces: tuple[TraceRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where telemetry can go, by the provider's name. `envoy` is the one that every mesh has."""

    envoy: FileLog = field(default_factory=lambda: FileLog(STDOUT))
    logs: Mapping[str, Log] = field(default_factory=dict)
    tracers: Mapping[str, Tracer] = field(default_factory=dict)


def observed(
    told: Iterable[Telemetry], sinks: Sinks, options: Options, namespace: str, labels: Labels
) -> Observed:
    """What is told of the requests of a namespace's workloads that have these labels."""
    levels = tuple(_levels(told, options.root, namespace, labels))

    def side(reporter: Reporter) -> Side:
        return Side(
            _counting(levels, options, reporter),
            tuple(_logs(levels, sinks, options, reporter)),
            _tracing(levels, sinks, options, reporter),
        )

    return Observed(side(Reporter.SOURCE), side(Reporter.DESTINATION))


def _levels(
    told: Iterable[Telemetry], root: str, namespace: str, labels: Labels
) -> Iterator[Telemetry]:
    """From the widest to the closest; `told` is the eldest first."""
    own = dict(labels)
    here = [one for one in told if one.scope.seen_from(namespace)]
    for place, chosen in dict.fromkeys(((root, False), (namespace, False), (namespace, True))):
        for one in here:
            if (one.origin.namespace == place and bool(one.scope.selector) is chosen
                    and one.scope.selects(own)):  # fmt: skip
                yield one
                break


def _counting(
    levels: Iterable[Telemetry], options: Options, reporter: Reporter
) -> Counting | None:
    counted_by = options.told.metrics or (PROMETHEUS,)
    off: set[Metric] = set()
    labels: dict[Metric, dict[str, Label]] = {}
    for level in levels:
        counted_by = level.counted_by or counted_by
        for rule in level.metrics:
            if reporter not in rule.sides:
                continue
            for metric in rule.metrics:
                if rule.off is not None:
                    (off.add if rule.off else off.discard)(metric)
                labels.setdefault(metric, {}).update({one.name: one for one in rule.labels})
    exposed = {PROMETHEUS, *(one.name for one in options.providers if one.kind == PROMETHEUS)}
    if exposed.isdisjoint(counted_by):
        return None
    kept = {metric: tuple(found.values()) for metric, found in labels.items() if found}
    return Counting(frozenset(off), kept)


def _logs(
    levels: tuple[Telemetry, ...], sinks: Sinks, options: Options, reporter: Reporter
) -> Iterator[Log]:
    """As Istio: the closest level that names providers says which are meant at all."""
    own = options.told.logging or ((ENVOY,) if options.access_log else ())
    named = own
    rules = [[rule for rule in level.logs if reporter in rule.sides] for level in levels]
    for level in rules:
        here = [name for rule in level for name in rule.providers]
        named = tuple(dict.fromkeys(here)) or named
    found = dict.fromkeys(own, "") if not any(rules) else {}
    inherited = own
    for rule in (rule for level in rules for rule in level):
        inherited = rule.providers or inherited
        for name in inherited:
            if name not in named or rule.off:
                found.pop(name, None)
            else:
                found[name] = rule.keep or found.get(name, "")
    for name, keep in found.items():
        if log := sinks.logs.get(name, sinks.envoy if name == ENVOY else None):
            yield replace(log, keep=keep)


def _tracing(
    levels: Iterable[Telemetry], sinks: Sinks, options: Options, reporter: Reporter
) -> Tracing | None:
    named = options.told.tracing
    percent, off, by_id, mesh_tags = SAMPLING_PERCENT, False, True, False
    tags: tuple[CustomTag, ...] = ()
    for rule in (rule for level in levels for rule in level.traces if reporter in rule.sides):
        named = rule.providers or named
        percent = percent if rule.percent is None else rule.percent
        off = off if rule.off is None else rule.off
        by_id = by_id if rule.by_request_id is None else rule.by_request_id
        mesh_tags = mesh_tags if rule.mesh_tags is None else rule.mesh_tags
        tags = rule.tags or tags
    tracer = next((sinks.tracers[name] for name in named if name in sinks.tracers), None)
    if tracer is None or off:
        return None
    return Tracing(tracer, percent, tags, by_id, mesh_tags)

