"""Where VirtualServices send to without saying the port, though it matters. Pure.

Hosts, subsets and ports that are not there: `routing.lost`.
"""

from collections.abc import Iterator

from telltale.kube.istio.virtualservice import Destination, VirtualService
from telltale.model.route import MESH
from telltale.model.service import Service
from telltale.pilot.intake.analysis.seen import Seen, Written
from telltale.pilot.intake.problem import Problem

Place = tuple[str, Destination]


def check(seen: Seen) -> Iterator[Problem]:
    for written, spec in seen.virtual_services:
        for field, destination in _destinations(spec):
            service = seen.mesh.services.get(written.host(destination.host))
            if service and not destination.port:
                yield from _unsaid(seen, written, spec, (field, service))


def _destinations(spec: VirtualService) -> Iterator[Place]:
    """Every one, with its path."""
    for i, http in enumerate(spec.http):
        at = f"spec.http[{i}]"
        for j, share in enumerate(http.route):
            yield f"{at}.route[{j}].destination", share.destination
        if http.mirror:
            yield f"{at}.mirror", http.mirror
        for j, mirror in enumerate(http.mirrors):
            yield f"{at}.mirrors[{j}].destination", mirror.destination
    for i, tls in enumerate(spec.tls):
        for j, one in enumerate(tls.route):
            yield f"spec.tls[{i}].route[{j}].destination", one.destination
    for i, tcp in enumerate(spec.tcp):
        for j, one in enumerate(tcp.route):
            yield f"spec.tcp[{i}].route[{j}].destination", one.destination


def _unsaid(
    seen: Seen, written: Written, spec: VirtualService, place: tuple[str, Service]
) -> Iterator[Problem]:
    """Without a port it is the service's only one, or that which the client dialled."""
    field, service = place
    known = {port.number for port in service.ports}
    missing = sorted(_dialled(seen, written, spec) - known)
    if len(known) < 2 or not missing:
        return
    ports = ", ".join(map(str, sorted(known)))
    yield written.problem(
        f"{field}.port", f"is not said, and {service.name} has several ports ({ports})",
        f"what is asked of port {missing[0]} is answered 503 (NC, no such cluster)",
        "write port: {number: ..}", code="port-not-said",
    )  # fmt: skip


def _dialled(seen: Seen, written: Written, spec: VirtualService) -> set[int]:
    """The ports on which clients reach the object's hosts."""
    found: set[int] = set()
    gateways = spec.gateways or [MESH]
    if MESH in gateways:
        for host in spec.hosts:
            service = seen.mesh.services.get(written.host(host))
            found |= {port.number for port in service.ports} if service else set()
    for name in gateways:
        place = name if "/" in name else f"{written.ref.namespace}/{name}"
        gateway = seen.gateways.get(place)
        servers = gateway.servers if gateway else []
        found |= {one.port.number for one in servers if one.port and one.port.number}
    return found
