"""The cluster's DNS, running: Services and EndpointSlices kept current, questions answered.

Never: a rule about names. While the API is away it goes on with what it knew.
"""

import asyncio
import logging

from telltale.cluster.dns.forward import Forwarder
from telltale.cluster.dns.health import reporting
from telltale.cluster.dns.names import Zone
from telltale.cluster.dns.respond import Responder
from telltale.cluster.dns.server import serving
from telltale.cluster.dns.settings import Settings
from telltale.kube.client import Change, Client
from telltale.kube.informer import Informer
from telltale.kube.kinds import ENDPOINT_SLICE, SERVICE
from telltale.kube.service import EndpointSlice, Service
from telltale.kube.slices import Name, Slices
from telltale.lib.backoff import Backoff
from telltale.lib.clock import SystemClock
from telltale.lib.tasks import supervise

log = logging.getLogger(__name__)

_RELIST = Backoff(first_s=0.1, most_s=5.0)


async def run(settings: Settings, client: Client) -> None:
    """Serves until cancelled. Raises `OSError` when a port is taken.

    Questions are answered from the moment that everything is known: nobody is told NXDOMAIN early.
    """
    zone = Zone(settings.domain)
    forwarder = Forwarder(settings.upstreams, SystemClock()) if settings.upstreams else None
    responder = Responder(settings, zone, forwarder)
    services = Informer(client, SERVICE)
    slices = Informer(client, ENDPOINT_SLICE)
    known = Known(zone)
    services.listeners.append(known.hear_service)
    slices.listeners.append(known.hear_slice)
    answering = asyncio.Event()
    async with reporting(settings, responder, answering.is_set), supervise() as tasks:
        tasks.start("watch of services", services.run, _RELIST)
        tasks.start("watch of endpointslices", slices.run, _RELIST)
        await services.wait_synced()
        await slices.wait_synced()
        async with serving(settings, responder) as port:
            answering.set()
            log.info("%d services, answering on port %d", len(zone.entries), port)
            await asyncio.Event().wait()


class Known:
    """Brings what the watches tell into the zone."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._services: dict[Name, Service] = {}
        self._slices = Slices()

    def hear_service(self, change: Change, service: Service) -> None:
        name = (service.metadata.namespace, service.metadata.name)
        if change is Change.DELETED:
            self._services.pop(name, None)
            self._zone.drop(*name)
        else:
            self._services[name] = service
            self._take_in(name)

    def hear_slice(self, change: Change, slice: EndpointSlice) -> None:
        for name in self._slices.hear(change, slice):
            self._take_in(name)

    def _take_in(self, name: Name) -> None:
        service = self._services.get(name)
        if service is not None:
            self._zone.put(service, self._slices.of(name))
