"""Load assignments: which addresses stand behind a cluster now. Pure; the same for every proxy.

A service without endpoints has an empty assignment, which Envoy answers with 503 at once; leaving
it out would keep the cluster warming.
"""

from collections import defaultdict

from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment

from telltale.model.mesh import Mesh
from telltale.model.service import Discovery, Endpoint, Port, Service
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import address


def assignments(mesh: Mesh) -> tuple[ClusterLoadAssignment, ...]:
    """The assignment of every cluster that is discovered by EDS."""
    return tuple(one for service in mesh.services.values() for one in of(mesh, service))


def of(mesh: Mesh, service: Service) -> tuple[ClusterLoadAssignment, ...]:
    """The assignments of one service: all that an endpoint change has to rebuild."""
    if service.discovery is not Discovery.VIRTUAL:
        return ()
    return tuple(
        _assignment(service, port, mesh.behind(service, port)) for port in service.ports
    )


def _assignment(
    service: Service, port: Port, endpoints: tuple[Endpoint, ...]
) -> ClusterLoadAssignment:
    assignment = ClusterLoadAssignment(cluster_name=names.outbound(port.number, service.host))
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
    return assignment
