"""Which names one class of clients can look up in the mesh, and at which addresses. Pure.

    Service                     its addresses; headless: its endpoints', and those of each hostname
    ServiceEntry                its addresses, or those given out for it

Ranges are no addresses, and another name for something (ExternalName) is the cluster's DNS to tell.
Never: who asks for it, or what a client makes of a short name (the agent does).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from telltale.kube.codec import Json
from telltale.model.service import Discovery, Service
from telltale.model.view import View
from telltale.pilot.xds import wire
from telltale.pilot.xds.resource import Resource, of_any

NDS = "type.googleapis.com/istio.networking.nds.v1.NameTable"
_CLUSTER, _DECLARED = "Kubernetes", "External"


@dataclass(frozen=True, slots=True)
class Named:
    """`short` and `namespace` only of what has shorter names: the cluster's own."""

    addresses: tuple[str, ...]
    registry: str
    short: str = ""
    namespace: str = ""

    def json(self) -> Json:
        found: dict[str, Json] = {"ips": [*self.addresses], "registry": self.registry}
        said = {"shortname": self.short, "namespace": self.namespace}
        return found | {key: value for key, value in said.items() if value}


Table = Mapping[str, Named]


def table(view: View) -> Table:
    """By full name."""
    return {host: named for service in view.services for host, named in _named(view, service)}


def resource(names: Table) -> Resource:
    """As the one resource of its type, which has no name."""
    entries = b"".join(wire.message(1, _entry(host, names[host])) for host in sorted(names))
    return of_any("", wire.any_of(NDS, entries))


def _named(view: View, service: Service) -> Iterator[tuple[str, Named]]:
    if service.declared:
        addresses = (*_single(service.addresses), *service.automatic)
        if addresses:
            yield service.host, Named(addresses, _DECLARED)
    elif service.discovery is Discovery.HEADLESS:
        yield from _headless(view, service)
    elif addresses := tuple(_single(service.addresses)):
        yield service.host, Named(addresses, _CLUSTER, service.name, service.namespace)


def _single(addresses: tuple[str, ...]) -> Iterator[str]:
    yield from (one for one in addresses if "/" not in one)


def _headless(view: View, service: Service) -> Iterator[tuple[str, Named]]:
    found: dict[str, None] = {}
    apart: dict[str, dict[str, None]] = {}
    for ends in view.mesh.endpoints.get(service.key, {}).values():
        for end in ends:
            found[end.address] = None
            if end.hostname:
                apart.setdefault(end.hostname, {})[end.address] = None
    if found:
        named = Named(tuple(sorted(found)), _CLUSTER, service.name, service.namespace)
        yield service.host, named
    for hostname, addresses in sorted(apart.items()):
        short = f"{hostname}.{service.name}"
        named = Named(tuple(sorted(addresses)), _CLUSTER, short, service.namespace)
        yield f"{hostname}.{service.host}", named


def _entry(host: str, named: Named) -> bytes:
    """An entry of NameTable's map: key = 1, NameInfo = 2 (ips 1, registry 2, shortname 3,
    namespace 4)."""
    told = b"".join(wire.text(1, one) for one in named.addresses)
    told += wire.text(2, named.registry) + wire.text(3, named.short) + wire.text(4, named.namespace)
    return wire.text(1, host) + wire.message(2, told)
