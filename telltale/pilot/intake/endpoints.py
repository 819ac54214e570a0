"""EndpointSlices into the endpoints behind a service's ports.

Pure. An endpoint that is not ready is left out altogether (its connections are then drained by
the proxies that hold some), unless the Service publishes such addresses.
"""

from collections.abc import Iterable

from telltale.kube import service as kube
from telltale.model.mesh import Behind
from telltale.model.service import Endpoint, Port, Service


def read(service: Service, slices: Iterable[kube.EndpointSlice]) -> Behind:
    """What can answer on each port of `service`; a port without endpoints has an empty entry."""
    found: dict[int, set[Endpoint]] = {port.number: set() for port in service.ports}
    for one in slices:
        if one.address_type == "FQDN":
            continue
        for port in service.ports:
            target = _target(port, service, one)
            if target:
                found[port.number].update(
                    _endpoint(endpoint, target)
                    for endpoint in one.endpoints
                    if endpoint.addresses and (endpoint.ready or service.unready_too)
                )
    return {number: tuple(sorted(endpoints)) for number, endpoints in found.items()}


def _target(port: Port, service: Service, one: kube.EndpointSlice) -> int:
    """The number at which the slice's endpoints serve a port: matched by the port's name."""
    for candidate in one.ports:
        if candidate.name == port.name and candidate.protocol == "TCP":
            # A slice port without a number means every port (discovery/v1): the Service's own.
            return candidate.port or (port.target if isinstance(port.target, int) else port.number)
    return 0


def _endpoint(given: kube.SliceEndpoint, port: int) -> Endpoint:
    ref = given.target_ref
    workload = f"{ref.name}.{ref.namespace}" if ref and ref.kind == "Pod" else ""
    return Endpoint(
        given.addresses[0], port, workload, given.node_name, given.zone, hostname=given.hostname
    )
