"""Which services a class of clients sees, and where each is listened for.

Of several for one host it sees one: its own namespace's, else a Service, else the eldest. Never:
Envoy, what holds for a service.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from telltale.model.route import Routing
from telltale.model.scope import EVERYWHERE
from telltale.model.service import Discovery, Port, Protocol, Service
from telltale.model.sidecar import Glob, Reach, Sidecar

ALL = Reach((Glob(EVERYWHERE, EVERYWHERE),))


def reaches(sidecar: Sidecar | None) -> tuple[Reach, ...]:
    return sidecar.reach if sidecar and sidecar.reach else (ALL,)


def rank(one: Service, namespace: str) -> tuple[bool, bool]:
    """The lower goes before; of equal ones the elder."""
    return one.namespace != namespace, one.declared


def imports(routings: Iterable[Routing]) -> Iterator[str]:
    """The hosts that routes lead to."""
    for routing in routings:
        for http in routing.http:
            yield from (one.destination.host for one in http.shares)
            yield from (one.destination.host for one in http.mirrors)
        for route in (*routing.tls, *routing.tcp):
            yield from (one.destination.host for one in route.shares)


def sees(wanted: Iterable[Reach], routing: Routing) -> bool:
    """Whether a routing is for a host that is wanted."""
    return any(
        reach.covers(routing.origin.namespace, host) for reach in wanted for host in routing.hosts
    )


def served(
    services: Iterable[Service], wanted: tuple[Reach, ...], imported: Iterable[str]
) -> Iterator[tuple[Service, Port, Reach]]:
    """What is listened for: a port that a reach names is that one's, all else is the last one's."""
    named = {one.port: one for one in wanted if one.port}
    rest = next((one for one in wanted if not one.port), None)
    hosts = frozenset(imported)
    for service in services:
        if service.discovery is Discovery.ALIAS:
            continue
        for port in service.ports:
            reach = named.get(port.number, rest)
            if reach is None:
                continue
            led_to = reach is rest and service.host in hosts
            if led_to or reach.covers(service.namespace, service.host):
                yield service, _spoken(port, reach), reach


def reached(
    service: Service, port: Port, wanted: Iterable[Reach], imported: Container[str]
) -> bool:
    """Whether anything may be sent to a port."""
    return service.host in imported or any(
        one.port in (0, port.number) and one.covers(service.namespace, service.host)
        for one in wanted
    )


def _spoken(port: Port, reach: Reach) -> Port:
    """A port that does not say what it speaks speaks what the reach says."""
    if port.protocol is Protocol.AUTO and reach.protocol is not Protocol.AUTO:
        return replace(port, protocol=reach.protocol)
    return port
