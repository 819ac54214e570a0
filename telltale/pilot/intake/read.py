"""Kubernetes objects into the mesh: `read(objects) -> (mesh, problems)`. Pure.

`reading` gives besides what is to be written into the objects' status.

    Service -> model.Service     EndpointSlice -> model.Endpoint     Pod -> model.Workload
    Node -> model.Place
    VirtualService -> model.Routing     DestinationRule -> model.Policy
    Gateway -> model.Gateway     Secret -> model.Credential, not its content
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telltale.kube import service as kube
from telltale.kube.cluster import ConfigMap, Node, Secret
from telltale.kube.codec import Object
from telltale.kube.core import Pod
from telltale.kube.gatewayapi import kinds as gateway_kinds
from telltale.kube.istio import kinds as istio
from telltale.kube.istio.kinds import DESTINATION_RULE, GATEWAY, TELEMETRY, VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.kube.kinds import Kind
from telltale.lib.memo import Memo
from telltale.model.mesh import Behind, Mesh
from telltale.model.options import DEFAULT, Options
from telltale.model.service import Service
from telltale.model.workload import Workload
from telltale.pilot.intake import (
    destinationrules,
    endpoints,
    gateways,
    nodes,
    providers,
    secrets,
    services,
    telemetries,
    virtualservices,
    workloads,
)
from telltale.pilot.intake.gatewayapi import read as gatewayapi
from telltale.pilot.intake.gatewayapi import tlspolicies
from telltale.pilot.intake.gatewayapi.world import World
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.routing import lost, shadowed
from telltale.pilot.intake.status import Statuses

# Every kind whose objects are read with their spec as it is.
CONFIGS: tuple[Kind[Config], ...] = (
    *(one.kind for one in (*istio.DEFINITIONS, *gateway_kinds.DEFINITIONS)), gatewayapi.NAMESPACES,
)


@dataclass(frozen=True, slots=True)
class Objects:
    """All that the mesh is made of, as the API server has it."""

    services: tuple[kube.Service, ...] = ()
    slices: tuple[kube.EndpointSlice, ...] = ()
    pods: tuple[Pod, ...] = ()
    configs: Mapping[Kind[Config], tuple[Config, ...]] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    texts: tuple[ConfigMap, ...] = ()
    nodes: tuple[Node, ...] = ()

    def of(self, kind: Kind[Config]) -> tuple[Config, ...]:
        return self.configs.get(kind, ())


@dataclass(frozen=True, slots=True)
class Reading:
    """All that follows from the objects."""

    mesh: Mesh
    problems: tuple[Problem, ...] = ()
    statuses: Statuses = field(default_factory=dict)
    made: tuple[Object, ...] = ()  # what Gateways need besides


def read(objects: Objects, options: Options = DEFAULT) -> tuple[Mesh, tuple[Problem, ...]]:
    """The mesh that the objects describe; what they get wrong is told, never raised."""
    one = reading(objects, options, Memo())
    return one.mesh, one.problems


def reading(objects: Objects, options: Options, memo: Memo) -> Reading:
    """The mesh, what is wrong, and what to say of each object.

    With the memo of the reading before, what was made of the same objects is the same value again.
    """
    known, problems = _services(objects.services, options, memo)
    routings, wrong = virtualservices.read(objects.of(VIRTUAL_SERVICE), options.domain, memo)
    problems += wrong
    policies, wrong = destinationrules.read(objects.of(DESTINATION_RULE), options.domain, memo)
    problems += wrong
    credentials = secrets.standing(secrets.read(objects.secrets))
    world = World(options.domain, known, credentials=credentials)
    edge = gatewayapi.read(objects.of, world, objects.texts)
    problems += edge.problems
    edges, wrong = gateways.read(objects.of(GATEWAY), options.domain, memo)
    problems += wrong
    sinks, wrong = providers.read(options, known)
    problems += wrong
    told, wrong = telemetries.read(objects.of(TELEMETRY), options, memo)
    problems += wrong
    mesh = Mesh(
        services=known,
        endpoints=_endpoints(known.values(), objects.slices, memo),
        workloads=_workloads(objects.pods, memo),
        routings=(*routings, *edge.routings),
        policies=tuple(tlspolicies.laid(edge.policies, policies)),
        gateways=tuple(sorted((*edges, *edge.gateways), key=lambda one: one.origin)),
        credentials=credentials,
        nodes=nodes.read(objects.nodes),
        telemetries=tuple(told),
        sinks=sinks,
        options=options,
    )
    problems += [*lost.problems(mesh), *shadowed.between(mesh)]
    return Reading(mesh, tuple(problems), edge.statuses, edge.made)


def _services(
    given: Iterable[kube.Service], options: Options, memo: Memo
) -> tuple[dict[str, Service], list[Problem]]:
    pairs = [memo.of(services.read, one, options.domain) for one in given]
    # The oldest first: where two claim the same thing, the elder has it; a new one breaks nothing.
    pairs.sort(key=lambda pair: (pair[0].created, pair[0].namespace, pair[0].name))
    problems = [problem for _, found in pairs for problem in found]
    return {service.host: service for service, _ in pairs}, problems


def _endpoints(
    known: Iterable[Service], slices: Iterable[kube.EndpointSlice], memo: Memo
) -> dict[str, Behind]:
    owned: dict[tuple[str, str], list[kube.EndpointSlice]] = defaultdict(list)
    for one in slices:
        owned[one.metadata.namespace, one.service].append(one)
    return {
        service.host: memo.of(_behind, service, *owned.get((service.namespace, service.name), ()))
        for service in known
    }


def _behind(service: Service, *slices: kube.EndpointSlice) -> Behind:
    return endpoints.read(service, slices)


def _workloads(pods: Iterable[Pod], memo: Memo) -> dict[str, Workload]:
    found = (memo.of(workloads.read, pod) for pod in pods)
    return {workload.key: workload for workload in found if workload}
