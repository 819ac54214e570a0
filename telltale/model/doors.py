"""What a gateway's workload listens on: the servers of all its gateways, put together by port.

Plain HTTP servers share a port; plain TCP has one to itself; servers of TLS share it with both, as
long as no two claim a name. The first to claim it, the elder, has it. Never: Envoy, routes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from telltale.model.gateway import Gateway, Server


@dataclass(frozen=True, slots=True)
class Site:
    """A server and the gateway that it is of."""

    gateway: Gateway
    server: Server


@dataclass
class Door:
    """One address to listen on: `port` is the workload's own, where the Service leads."""

    bind: str
    port: int
    plain: list[Site] = field(default_factory=list)
    sealed: list[Site] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Clash:
    """A server that is left out because `holder` has its port, or its `host` on that port."""

    site: Site
    holder: Site
    host: str = ""


def doors(
    gateways: Iterable[Gateway], ports: Mapping[int, int]
) -> tuple[list[Door], list[Clash]]:
    """`ports`: from the Service's to the workload's; one that is not there is its own."""
    found: dict[tuple[int, str], Door] = {}
    clashes: list[Clash] = []
    for site in _sites(gateways):
        bind, port = site.server.bind, ports.get(site.server.port, site.server.port)
        door = found.setdefault((port, bind), Door(bind, port))
        if clash := _clash(door, site):
            clashes.append(clash)
        elif site.server.tls:
            door.sealed.append(site)
        else:
            door.plain.append(site)
    return [found[key] for key in sorted(found)], clashes


def _sites(gateways: Iterable[Gateway]) -> Iterator[Site]:
    for gateway in gateways:
        yield from (Site(gateway, server) for server in gateway.servers)


def _clash(door: Door, site: Site) -> Clash | None:
    if site.server.tls:
        names = {host.name for host in site.server.hosts}
        for holder in door.sealed:
            for host in holder.server.hosts:
                if host.name in names:
                    return Clash(site, holder, host.name)
        return None
    for holder in door.plain:
        if not (holder.server.speaks.http and site.server.speaks.http):
            return Clash(site, holder)
    return None
