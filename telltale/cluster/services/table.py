"""Services and EndpointSlices into a forwarding table: which address and port leads where. Pure.

Never: how the kernel is told; that is `rules`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from telltale.kube.service import EndpointSlice, Service, ServicePort, SliceEndpoint

PROTOCOLS = ("tcp", "udp")


@dataclass(frozen=True, slots=True, order=True)
class Front:
    """What a client dials."""

    address: str
    protocol: str  # tcp or udp
    port: int


@dataclass(frozen=True, slots=True, order=True)
class Back:
    """Where it is answered."""

    address: str
    port: int


class Missing(StrEnum):
    """What becomes of a packet when no endpoint can take it."""

    REFUSE = "refuse"  # no endpoint at all: connection refused, at once
    DROP = "drop"  # internalTrafficPolicy Local without one here: as on Kubernetes, silence


@dataclass(frozen=True, slots=True)
class Target:
    """One port of one Service."""

    name: str  # namespace/service/protocol/port: stable, and fit for a chain's name
    backs: tuple[Back, ...]
    sticky: bool = False
    missing: Missing = Missing.REFUSE


Table = dict[Front, Target]
Slices = Mapping[tuple[str, str], Iterable[EndpointSlice]]  # by namespace and name of the Service


def build(services: Iterable[Service], slices: Slices, here: IPv4Network) -> Table:
    """The table of these Services; `here` holds the pods of this node."""
    table: Table = {}
    for service in services:
        key = (service.metadata.namespace, service.metadata.name)
        table.update(rows(service, slices.get(key, ()), here))
    return table


def rows(service: Service, slices: Iterable[EndpointSlice], here: IPv4Network) -> Table:
    """One Service's part of the table; nothing for a headless or external one."""
    if not _is_address(service.spec.cluster_ip) or service.spec.type == "ExternalName":
        return {}
    known = list(slices)
    table: Table = {}
    for port in service.spec.ports:
        protocol = port.protocol.lower()
        if protocol in PROTOCOLS and 0 < port.port < 65536:
            front = Front(service.spec.cluster_ip, protocol, port.port)
            table[front] = _target(service, port, known, here)
    return table


def _target(
    service: Service, port: ServicePort, slices: list[EndpointSlice], here: IPv4Network
) -> Target:
    meta, spec = service.metadata, service.spec
    name = f"{meta.namespace}/{meta.name}/{port.protocol.lower()}/{port.port}"
    backs = _ready(slices, port)
    missing = Missing.REFUSE
    if spec.internal_traffic_policy == "Local" and backs:
        backs = {one for one in backs if IPv4Address(one.address) in here}
        missing = Missing.DROP
    return Target(name, tuple(sorted(backs)), spec.session_affinity == "ClientIP", missing)


def _ready(slices: list[EndpointSlice], port: ServicePort) -> set[Back]:
    return {
        Back(address, numbered.port)
        for slice in slices
        for numbered in slice.ports
        if numbered.name == port.name and numbered.protocol == port.protocol and numbered.port
        for endpoint in slice.endpoints
        for address in _addresses(slice, endpoint)
    }


def _addresses(slice: EndpointSlice, endpoint: SliceEndpoint) -> list[str]:
    if slice.address_type != "IPv4" or not endpoint.ready:
        return []
    return [address for address in endpoint.addresses if _is_address(address)]


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True
