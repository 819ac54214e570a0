"""Load assignments: which addresses stand behind a cluster now. Pure; the same for every proxy.

A service without endpoints has an empty assignment, which Envoy answers with 503 at once; leaving
it out would keep the cluster warming.
"""

from collections import defaultdict
from collections.abc import Iterator

from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment

from telltale.model.mesh import Mesh
from telltale.model.policy import Policy, Subset
from telltale.model.scope import Labels
from telltale.model.service import Discovery, Endpoint, Service
from telltale.model.view import forms
from telltale.pilot.envoy import names, observe
from telltale.pilot.envoy.resources import address


def assignments(mesh: Mesh) -> tuple[ClusterLoadAssignment, ...]:
    """The assignment of every cluster that is discovered by EDS."""
    return tuple(one for service in mesh.services.values() for one in of(mesh, service))


def of(mesh: Mesh, service: Service) -> tuple[ClusterLoadAssignment, ...]:
    """The assignments of one service: all that an endpoint change has to rebuild."""
    if service.discovery is Discovery.ALIAS:
        return ()
    found: dict[str, ClusterLoadAssignment] = {}
    for port in service.ports:
        endpoints = mesh.behind(service, port)
        name = names.assignment(port.number, service.host)
        found[name] = _assignment(mesh, name, endpoints)
        for policy, subset in _subsets(mesh, service):
            owner = "" if policy.origin.namespace == service.namespace else policy.origin.namespace
            name = names.assignment(port.number, service.host, subset.name, owner)
            if name not in found:
                found[name] = _assignment(mesh, name, _labelled(mesh, endpoints, subset.labels))
    return tuple(found.values())


def _subsets(mesh: Mesh, service: Service) -> Iterator[tuple[Policy, Subset]]:
    """Every subset that anybody defines for the service."""
    named = {*forms(service.host)}
    for policy in mesh.policies:
        if policy.host in named:
            yield from ((policy, subset) for subset in policy.subsets)


def _labelled(
    mesh: Mesh, endpoints: tuple[Endpoint, ...], labels: Labels
) -> tuple[Endpoint, ...]:
    """Those whose workload has all of the labels."""
    return tuple(
        one for one in endpoints
        if (workload := mesh.workloads.get(one.workload))
        and all(workload.labels.get(key) == value for key, value in labels)
    )  # fmt: skip


def _assignment(
    mesh: Mesh, name: str, endpoints: tuple[Endpoint, ...]
) -> ClusterLoadAssignment:
    assignment = ClusterLoadAssignment(cluster_name=name)
    by_zone: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in endpoints:
        by_zone[endpoint.zone].append(endpoint)
    for zone, members in sorted(by_zone.items()):
        group = assignment.endpoints.add()
        if zone:
            group.locality.zone = zone
        group.load_balancing_weight.value = len(members)
        for endpoint in members:
            added = group.lb_endpoints.add()
            added.endpoint.address.CopyFrom(address(endpoint.address, endpoint.port))
            added.load_balancing_weight.value = 1
            if peer := mesh.peer(endpoint.workload):
                added.metadata.CopyFrom(observe.beside(str(peer)))
    return assignment
