"""The DNS process of a cluster: in a pod of kube-system. Never: a rule about names."""

import asyncio
import os

from telltale.app.errors import Refused
from telltale.cluster.dns import run as dns
from telltale.cluster.dns.settings import Settings
from telltale.kube import kubeconfig
from telltale.kube.client import Client
from telltale.kube.transport import Http
from telltale.lib import log as logs
from telltale.lib.tasks import describe, until_signalled


def start(settings: Settings) -> None:
    """Until SIGTERM. Raises `Refused` when a port is taken."""
    logs.to_stderr(os.environ.get("TELLTALE_LOG", "info"))
    try:
        asyncio.run(_serve(settings))
    except* OSError as group:
        raise Refused(describe(group)) from group


async def _serve(settings: Settings) -> None:
    async with Http(kubeconfig.in_pod(os.environ)) as http:
        await until_signalled(dns.run(settings, Client(http)))
