"""Load assignments: which addresses stand behind a cluster now. Pure.

Each is the answer to one cut (which endpoints, spread how), the same for every proxy that asks for
it. A service without endpoints has an empty assignment, which Envoy answers with 503 at once;
leaving it out would keep the cluster warming.
"""

from collections.abc import Iterator
from hashlib import blake2s

from envoy.config.endpoint.v3.endpoint_components_pb2 import LbEndpoint
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment

from telltale.model import cuts
from telltale.model.mesh import Mesh
from telltale.model.policy import Balance, Policy, Subset, Traffic
from telltale.model.route import MESH
from telltale.model.scope import Scope
from telltale.model.service import Discovery, Endpoint, Port, Service
from telltale.model.spread import Cut, Group, groups
from telltale.model.view import View
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import address
from telltale.pilot.envoy.telling import observe

_EVERYBODY = Scope()


def discovered(view: View, service: Service, traffic: Traffic) -> bool:
    """Whether the endpoints are told to proxies, and not just dialled as the client did.

    Nobody dials a gateway by an endpoint's own address.
    """
    if traffic.balancing and traffic.balancing.algorithm is Balance.PASSTHROUGH:
        return False
    if service.discovery is Discovery.HEADLESS:
        return MESH not in view.gateways
    return service.discovery.assigned


def wanted(view: View, service: Service) -> Iterator[tuple[str, Cut]]:
    """The cut of each assignment of a service that these clients ask for, with its name."""
    policy = view.policy(service)
    for port in view.ports_of(service):
        for subset in (None, *(policy.subsets if policy else ())):
            traffic = view.traffic(service, port, subset.name if subset else "")
            if discovered(view, service, traffic):
                yield named(view, service, port, subset)


def named(
    view: View, service: Service, port: Port, subset: Subset | None = None
) -> tuple[str, Cut]:
    """The cut that these clients get, and the name by which they ask for it.

    The name is the cluster's own, but where other clients get another cut for the same cluster:
    then it says which, by place and content.
    """
    found = cuts.cut(view, service, port, subset)
    plain = found.spread is None and found.node is None
    tag = "" if plain and _usual(view.policy(service), service, subset) else _tag(found)
    return names.assignment(port.number, service.key, subset.name if subset else "", tag), found


def _usual(policy: Policy | None, service: Service, subset: Subset | None) -> bool:
    """Whether everybody who says this subset means these labels; only one policy can be so."""
    return subset is None or policy is None or (
        policy.origin.namespace == service.namespace
        and policy.host == service.host and policy.scope == _EVERYBODY
    )


def _tag(cut: Cut) -> str:
    told = (cut.labels, cut.spread, cut.node)
    place = str(cut.spread.place) if cut.spread else cut.node or ""
    return f"{place}~{blake2s(repr(told).encode(), digest_size=4).hexdigest()}"


def assignment(mesh: Mesh, name: str, cut: Cut) -> ClusterLoadAssignment:
    found = ClusterLoadAssignment(cluster_name=name)
    for group in groups(mesh, cut):
        _add(mesh, found, group)
    return found


def _add(mesh: Mesh, found: ClusterLoadAssignment, group: Group) -> None:
    added = found.endpoints.add(priority=group.rank)
    place = group.place
    if place.region:
        added.locality.region = place.region
    if place.zone:
        added.locality.zone = place.zone
    if place.subzone:
        added.locality.sub_zone = place.subzone
    added.load_balancing_weight.value = group.weight
    for endpoint in group.endpoints:
        _add_endpoint(mesh, added.lb_endpoints.add(), endpoint)


def _add_endpoint(mesh: Mesh, added: LbEndpoint, endpoint: Endpoint) -> None:
    added.endpoint.address.CopyFrom(address(endpoint.address, endpoint.port))
    added.load_balancing_weight.value = endpoint.weight
    if peer := mesh.peer(endpoint.workload):
        added.metadata.CopyFrom(observe.beside(str(peer)))
