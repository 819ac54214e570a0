"""The cluster put together: API server, controllers, service proxy and node in one process.

Never: a rule; each part reaches the others through the API, and only their order stands here.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from telltale.cluster import addons
from telltale.cluster.addons import AddonSettings
from telltale.cluster.api import run as api
from telltale.cluster.api.run import ApiSettings
from telltale.cluster.controllers import run as controllers
from telltale.cluster.images.store import Images
from telltale.cluster.node.run import Node, NodeSettings
from telltale.cluster.services import run as services
from telltale.cluster.services.settings import Settings as ServiceSettings
from telltale.kube.apply import ensure, kind_of
from telltale.kube.client import Client, Patch
from telltale.kube.codec import Object
from telltale.kube.errors import NotFound
from telltale.kube.kinds import NAMESPACE
from telltale.lib.clock import Clock, Ids
from telltale.lib.tasks import supervise

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClusterParts:
    """The settings of every part; `images` is what its node can run."""

    api: ApiSettings
    addons: AddonSettings
    node: NodeSettings
    services: ServiceSettings
    images: Images
    kubeconfig: Path


async def run(parts: ClusterParts, clock: Clock, ids: Ids) -> None:
    """Until cancelled; pods go on. Raises what makes a start impossible (`PortTaken`, …)."""
    built = api.build(parts.api, clock, ids)
    client = Client(built.transport)
    node = Node(parts.node, client, clock, ids, parts.images)
    built.door.kubelet = node.kubelet
    await _furnish(client, parts.addons)
    async with api.serve(built), supervise() as tasks:
        built.write_kubeconfig(parts.kubeconfig)
        tasks.start("service proxy", lambda: services.run(parts.services, client))
        settings = controllers.Settings(built.pki.ca_pem)
        tasks.start("controllers", lambda: controllers.run(settings, client, clock, ids))
        await node.prepare()
        await built.listen(parts.addons.node_address, parts.addons.api_port)
        tasks.start("node", node.run)
        log.info("the cluster runs: %s", built.url())
        await asyncio.Event().wait()


async def _furnish(client: Client, settings: AddonSettings) -> None:
    """A new cluster gets its DNS once; its namespaces and its API's Service are always there."""
    try:
        await client.get(NAMESPACE, "kube-system")
        new = False
    except NotFound:
        new = True
    way_in = addons.api_service(settings)
    await ensure(client, [*addons.namespaces(), *way_in])
    for one in way_in:  # as an API server does: its own address is true, whatever it was before
        fields: Object = {key: one[key] for key in ("spec", "subsets") if key in one}
        kind = await kind_of(client, one)
        await client.patch(kind, "kubernetes", fields, namespace="default", how=Patch.MERGE)
    if new:
        await ensure(client, addons.dns(settings))
