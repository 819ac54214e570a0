"""Kubernetes objects into the mesh: `read(objects) -> (mesh, problems)`. Pure.

`reading` gives besides what is to be written into the objects' status.

    Service -> model.Service     EndpointSlice -> model.Endpoint     Pod -> model.Workload
    Node -> model.Place
    VirtualService -> model.Routing     DestinationRule -> model.Policy
    Gateway -> model.Gateway     Secret -> model.Credential, not its content
    ServiceEntry -> model.Service     WorkloadEntry -> model.Machine     Sidecar -> model.Sidecar
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from telltale.kube.cluster import ConfigMap, Secret
from telltale.kube.codec import Object
from telltale.kube.core import Pod
from telltale.kube.gatewayapi import kinds as gateway_kinds
from telltale.kube.istio import kinds as istio
from telltale.kube.istio.kinds import (
    DESTINATION_RULE,
    GATEWAY,
    PROXY_CONFIG,
    SERVICE_ENTRY,
    SIDECAR,
    TELEMETRY,
    VIRTUAL_SERVICE,
    WORKLOAD_ENTRY,
    WORKLOAD_GROUP,
)
from telltale.kube.istio.message import Config
from telltale.kube.kinds import Kind
from telltale.lib.memo import Memo
from telltale.model.mesh import Mesh
from telltale.model.options import DEFAULT, Options
from telltale.model.patch import ordered
from telltale.model.scope import EVERYWHERE
from telltale.model.service import Service
from telltale.model.workload import Workload
from telltale.pilot.intake import (
    discovered,
    exports,
    nodes,
    proxyconfigs,
    registry,
    sidecars,
    virtualservices,
    workloads,
)
from telltale.pilot.intake.destinations import rules as destinationrules
from telltale.pilot.intake.doors import read as gateways, secrets
from telltale.pilot.intake.entries import machines, read as serviceentries
from telltale.pilot.intake.gatewayapi import read as gatewayapi, tlspolicies
from telltale.pilot.intake.gatewayapi.world import World
from telltale.pilot.intake.objects import Objects as Objects
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.routing import lost, shadowed
from telltale.pilot.intake.status import Statuses
from telltale.pilot.intake.telemetry import (
    envoyfilters,
    providers,
    read as telemetries,
    wasmplugins,
)
from telltale.pilot.modules.wanted import Wanted

# Every kind whose objects are read with their spec as it is.
GATEWAY_API = (*(one.kind for one in gateway_kinds.DEFINITIONS), gatewayapi.NAMESPACES)
CONFIGS: tuple[Kind[Config], ...] = (*(one.kind for one in istio.DEFINITIONS), *GATEWAY_API)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that follows from the objects."""

    mesh: Mesh
    problems: tuple[Problem, ...] = ()
    statuses: Statuses = field(default_factory=dict)
    made: tuple[Object, ...] = ()  # what Gateways need besides
    wanted: tuple[Wanted, ...] = ()  # modules


def _together(*objects: object) -> tuple[object, ...]:
    """The same objects are the same tuple."""
    return objects


def _edge(
    domain: str, services: tuple[Service, ...], held: tuple[Secret, ...],
    texts: tuple[ConfigMap, ...], entries: tuple[Config, ...], *groups: tuple[Config, ...],
) -> gatewayapi.Found:  # fmt: skip
    """All of the Gateway API at once: its rules are judged across objects."""
    by_kind = dict(zip(GATEWAY_API, groups, strict=True))
    known = {one.host: one for one in services}
    world = World(
        domain, known, credentials=secrets.standing(secrets.read(held)),
        texts={(one.metadata.namespace, one.metadata.name): one.data for one in texts},
        entries=serviceentries.declaring(entries, services),
    )  # fmt: skip
    return gatewayapi.read(by_kind.__getitem__, world)


def read(objects: Objects, options: Options = DEFAULT) -> tuple[Mesh, tuple[Problem, ...]]:
    """The mesh that the objects describe; what they get wrong is told, never raised."""
    one = reading(objects, options, Memo())
    return one.mesh, one.problems


def reading(objects: Objects, options: Options, memo: Memo) -> Reading:
    """The mesh, what is wrong, and what to say of each object.

    With the memo of the reading before, what was made of the same objects is the same value again.
    """
    objects = discovered.of(objects, options)
    pods = _workloads(objects.pods, memo)
    found, problems = machines.read(objects.of(WORKLOAD_ENTRY), options.domain, memo)
    problems += machines.read_groups(objects.of(WORKLOAD_GROUP), options.domain, memo)[1]
    entries = _shown(objects, SERVICE_ENTRY, options.shown.services, memo)
    given = registry.Given(objects.services, objects.slices, entries, pods, tuple(found))
    known, wrong = registry.read(given, options, memo)
    problems += wrong
    problems += proxyconfigs.read(objects.of(PROXY_CONFIG), options.domain, memo)[1]
    seen, wrong = sidecars.read(objects.of(SIDECAR), options.domain, memo)
    problems += wrong
    configs = _shown(objects, VIRTUAL_SERVICE, options.shown.routings, memo)
    routings, wrong = virtualservices.read(configs, options.domain, memo)
    problems += wrong
    configs = _shown(objects, DESTINATION_RULE, options.shown.policies, memo)
    policies, wrong = destinationrules.read(configs, options.domain, memo)
    problems += wrong
    credentials = secrets.standing(secrets.read(objects.secrets))
    edge = memo.of(
        _edge, options.domain, *(
            memo.of(_together, *group) for group in (
                known.services.values(), objects.secrets, objects.texts, objects.of(SERVICE_ENTRY),
                *(objects.of(kind) for kind in GATEWAY_API),
            )
        ),
    )  # fmt: skip
    problems += edge.problems
    edges, wrong = gateways.read(objects.of(GATEWAY), options.domain, memo)
    problems += wrong
    configs = objects.of(istio.WASM_PLUGIN)
    plugins, wrong = wasmplugins.read(configs, options.domain, memo, options.root, objects.modules)
    problems += wrong
    filters = objects.of(istio.ENVOY_FILTER)
    patches, wrong = envoyfilters.read(filters, options.domain, memo, options.root)
    problems += wrong
    sinks, wrong = providers.read(options, known.services)
    problems += wrong
    told, wrong = telemetries.read(objects.of(TELEMETRY), options, memo)
    problems += wrong
    mesh = Mesh(
        services=known.services,
        endpoints=known.endpoints,
        workloads=pods,
        routings=(*routings, *edge.routings),
        policies=tuple(tlspolicies.laid(edge.policies, policies)),
        gateways=tuple(sorted((*edges, *edge.gateways), key=lambda one: one.origin)),
        credentials=credentials,
        nodes=nodes.read(objects.nodes),
        telemetries=tuple(told),
        patches=(*plugins.patches, *ordered(tuple(patches), options.root)),
        extensions=plugins.extensions,
        sinks=sinks,
        sidecars=tuple(seen),
        machines=given.machines,
        options=options,
    )
    problems += [*lost.problems(mesh), *shadowed.between(mesh)]
    said = _said(known.statuses, edge.statuses)
    return Reading(mesh, tuple(problems), said, edge.made, plugins.wanted)


def _said(entries: Statuses, edge: Statuses) -> Statuses:
    """All statuses; where entries have none, the same value as before stays the same."""
    return {**entries, **edge} if entries else edge


def _shown(
    objects: Objects, kind: Kind[Config], default: tuple[str, ...], memo: Memo
) -> tuple[Config, ...]:
    """The objects of a kind; those that do not say who sees them are shown to the mesh's."""
    given = objects.of(kind)
    if default == (EVERYWHERE,):
        return given
    return tuple(memo.of(exports.filled, one, default) for one in given)


def _workloads(pods: tuple[Pod, ...], memo: Memo) -> dict[str, Workload]:
    return memo.of(_by_key, memo.each(workloads.read, pods))


def _by_key(found: Iterable[Workload | None]) -> dict[str, Workload]:
    return {workload.key: workload for workload in found if workload}
