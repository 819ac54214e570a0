"""Where outgoing connections are listened for, and which services claim each such place. Pure.

HTTP claims all addresses of its port number, as requests are told apart by host; everything else
its own addresses, or where it has none all of the port number. Never: filters, chains.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from telltale.model.mesh import Mesh
from telltale.model.service import PROXY_PORTS, Discovery, Port, Protocol, Service
from telltale.model.sidecar import Reach

ANY, LOOPBACK = "0.0.0.0", "127.0.0.1"
_EVERY_ADDRESS = (ANY, "::")


@dataclass(frozen=True, slots=True)
class Claim:
    """A service's port; of a place for all addresses only these `networks`, if there are any."""

    service: Service
    port: Port
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outlet:
    """A place: an address (or `unix://`) and a port number. `claims` are the elder's first.

    `routed`: hosts that are no service's are routed here too.
    """

    host: str
    number: int
    led: bool = True
    claims: list[Claim] = field(default_factory=list)
    routed: bool = False

    @property
    def shared(self) -> bool:
        """Whether HTTP's hosts are told apart here, by the table of the port number."""
        return self.routed or any(by_host(one.service, one.port) for one in self.claims)


def of(
    mesh: Mesh, served: Iterable[tuple[Service, Port, Reach]], routed: Iterable[int],
    own: frozenset[str], *, redirected: bool = True,
) -> list[Outlet]:  # fmt: skip
    """Those for all addresses by their number first, then the others by name.

    `routed`: numbers on which hosts are routed that are no service's. Who is not redirected listens
    there itself, so not at addresses that were only given out.
    """
    found: dict[tuple[str, int], Outlet] = {}
    for service, port, reach in served:
        if not redirected:
            service = replace(service, automatic=())
        for host, number, networks in _places(mesh, service, port, reach, own):
            if host in _EVERY_ADDRESS and number in PROXY_PORTS:
                continue  # Envoy refuses two listeners at one address: all would be lost
            place = found.setdefault((host, number), Outlet(host, number, reach.led))
            place.claims.append(Claim(service, port, networks))
    for number in {*routed} - PROXY_PORTS:
        known = found.get((ANY, number)) or Outlet(ANY, number)
        found[ANY, number] = replace(known, routed=True)
    return sorted(found.values(), key=_order)


def by_host(service: Service, port: Port) -> bool:
    """Whether requests for it are told from others' on the same port number by their host."""
    return port.protocol.http or (port.protocol is Protocol.AUTO and nowhere(service))


def nowhere(service: Service) -> bool:
    """Whether it has no address of its own, so that it can be dialled at any."""
    return service.declared and not service.addresses


def _order(one: Outlet) -> tuple[bool, int, str]:
    apart = one.host != ANY
    return apart, 0 if apart else one.number, f"{one.host}_{one.number}"


def _places(
    mesh: Mesh, service: Service, port: Port, reach: Reach, own: frozenset[str]
) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    if reach.bind or not reach.led:
        yield reach.bind or LOOPBACK, port.number, ()
    elif by_host(service, port):
        yield ANY, port.number, ()
    elif service.discovery is Discovery.HEADLESS:
        for end in mesh.behind(service, port):
            if end.address not in own:
                yield end.address, end.port, ()
    else:
        yield from ((host, port.number, ()) for host in chain(_single(service), service.automatic))
        if networks := _networks(service):
            yield ANY, port.number, networks
        elif nowhere(service):
            yield ANY, port.number, ()


def _single(service: Service) -> Iterator[str]:
    yield from (one for one in service.addresses if "/" not in one)


def _networks(service: Service) -> tuple[str, ...]:
    return tuple(
        str(ipaddress.ip_network(one, strict=False)) for one in service.addresses if "/" in one
    )
