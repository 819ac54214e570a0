"""All services of the mesh, the cluster's and the declared, and who stands behind each. Pure.

A Service goes before a ServiceEntry for the same host, then the elder before the younger; what
stands behind is a rival, which the clients of its own namespace see (`model.sight`). Never: routes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from telltale.kube import service as kube
from telltale.kube.istio.message import Config
from telltale.kube.meta import Ref
from telltale.lib.memo import Memo
from telltale.model.mesh import Behind, Mesh
from telltale.model.options import Options
from telltale.model.service import Service
from telltale.model.workload import Machine, Workload
from telltale.pilot.intake import endpoints, services
from telltale.pilot.intake.entries import allocation, members, read as serviceentries
from telltale.pilot.intake.entries.read import Declared
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.status import Statuses


@dataclass(frozen=True, slots=True)
class Registry:
    services: Mapping[str, Service]
    endpoints: Mapping[str, Behind]
    statuses: Statuses = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """The objects that services are made of, and the workloads that they may select."""

    services: tuple[kube.Service, ...]
    slices: Iterable[kube.EndpointSlice]
    entries: tuple[Config, ...]
    pods: Mapping[str, Workload]
    machines: tuple[Machine, ...]


def read(given: Given, options: Options, memo: Memo) -> tuple[Registry, list[Problem]]:
    known, problems = _services(given.services, options, memo)
    declared, wrong = serviceentries.read(given.entries, options.domain, memo)
    problems += wrong
    declared, wrong = _alone(declared)
    problems += wrong
    declared = allocation.given(declared, given.entries, memo)
    found = _ranked([*known, *(one.service for one in declared)], memo)
    listed = {(one.service.namespace, one.service.host): one.behind for one in declared}
    owned: dict[tuple[str, str], list[kube.EndpointSlice]] = defaultdict(list)
    for slice in given.slices:
        owned[slice.metadata.namespace, slice.service].append(slice)
    behind: dict[str, Behind] = {}
    for one in found.values():
        own = (
            listed[one.namespace, one.host] if one.declared
            else memo.of(_listed, one, *owned.get((one.namespace, one.name), ()))
        )  # fmt: skip
        behind[one.key] = members.joined(one, own, given.pods, given.machines)
    return Registry(found, behind, allocation.statuses(declared, given.entries)), problems


def behind(mesh: Mesh, service: Service, slices: Iterable[kube.EndpointSlice]) -> Behind:
    """Who stands behind a service that selects, as the mesh's workloads are now."""
    own: Behind = {port.number: () for port in service.ports}
    if not service.declared:
        own = endpoints.read(service, slices)
    return members.joined(service, own, mesh.workloads, mesh.machines)


def _listed(service: Service, *slices: kube.EndpointSlice) -> Behind:
    return endpoints.read(service, slices)


def _services(
    given: tuple[kube.Service, ...], options: Options, memo: Memo
) -> tuple[list[Service], list[Problem]]:
    pairs = memo.each(services.read, given, options)
    return [one for one, _ in pairs], [problem for _, found in pairs for problem in found]


def _alone(declared: Iterable[Declared]) -> tuple[list[Declared], list[Problem]]:
    """In one namespace a host is declared once: by the eldest."""
    first: dict[tuple[str, str], Declared] = {}
    problems: list[Problem] = []
    for one in declared:
        place = one.service.namespace, one.service.host
        elder = first.setdefault(place, one)
        if elder is not one:
            ref = Ref(one.origin.kind, one.origin.namespace, one.origin.name)
            problems.append(Problem(
                ref, "spec.hosts", f"{one.service.host!r} is declared by {elder.origin.name} too",
                "the younger one is left out for this host",
                f"put its ports and endpoints into {elder.origin.name}", Level.WARNING,
            ))  # fmt: skip
    return list(first.values()), problems


def _ranked(given: Iterable[Service], memo: Memo) -> dict[str, Service]:
    """By key. The oldest first: where two claim the same, the elder has it; a new one breaks
    nothing."""
    ordered = sorted(given, key=lambda one: (one.created, one.namespace, one.name))
    first: dict[str, Service] = {}
    for one in sorted(ordered, key=lambda one: one.declared):
        first.setdefault(one.host, one)
    told = (one if first[one.host] is one else memo.of(_rival, one) for one in ordered)
    return {one.key: one for one in told}


def _rival(one: Service) -> Service:
    return replace(one, rival=True)
