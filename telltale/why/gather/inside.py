"""Reads inside pods, through the API: agents, the pilot, logs. Each may fail alone.

Never: which of them are worth it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import parse_qsl

from telltale.kube import codec, kinds
from telltale.kube.apps import ReplicaSet
from telltale.kube.client import Client
from telltale.kube.cluster import ConfigMap
from telltale.kube.codec import Json, dig
from telltale.why import reports
from telltale.why.gather.calls import INSIDE_S, Calls
from telltale.why.gather.worth import (
    PILOT_DEBUG_PORT,
    AskAgent,
    AskKubelet,
    AskPilot,
    ListReplicaSets,
    Read,
    ReadConfigMap,
    ReadLog,
)
from telltale.why.pods import SIDECAR, PodKey
from telltale.why.reports import AgentReport
from telltale.why.world import World

T = TypeVar("T")

AGENT_PORT = 15020
LOG_LINES = 200
# An agent that has just started walks the way to the pilot first, within 1.1 s (`now`).
AGENT_S = 1.7


async def read_inside(client: Client, calls: Calls, world: World, reads: Sequence[Read]) -> World:
    """The world with what these reads added."""
    found = _Found(client, calls)
    async with asyncio.TaskGroup() as group:
        for read in reads:
            group.create_task(found.one(read))
    return replace(
        world,
        reports={**world.reports, **found.reports},
        logs={**world.logs, **found.logs},
        connected=found.connected if found.connected is not None else world.connected,
        cluster_dns=found.cluster_dns or world.cluster_dns,
        config_maps=(*world.config_maps, *found.config_maps),
        replica_sets=(*world.replica_sets, *found.replica_sets),
    )


def pilot_clients(data: bytes) -> frozenset[PodKey]:
    """Who is connected, from the pilot's `/debug/syncz`: proxies are named POD.NAMESPACE.

    Raises `codec.Malformed`.
    """
    page = codec.parse(data)
    rows = page if isinstance(page, list) else dig(page, "clients", default=[])
    found = set()
    for row in rows if isinstance(rows, list) else []:
        name, dot, namespace = _proxy(row).rpartition(".")
        if dot:
            found.add((namespace, name))
    return frozenset(found)


def cluster_dns(data: bytes) -> str:
    """The first nameserver in a kubelet's `/configz`, "" without one. Raises `codec.Malformed`."""
    found = dig(codec.parse_object(data), "kubeletconfig", "clusterDNS", default=[])
    return str(found[0]) if isinstance(found, list) and found else ""


def _proxy(row: Json) -> str:
    for key in ("proxy", "proxy_id", "proxyId", "ProxyID"):
        if found := dig(row, key):
            return str(found)
    return ""


@dataclass(frozen=True, slots=True)
class _Page:
    """A page behind the API server's proxy; `what` is in the words of who may see it."""

    what: str
    url: str


def _in_pod(pod: PodKey, port: int, path: str) -> _Page:
    namespace, name = pod
    url = f"/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/{path}"
    return _Page(f"pods/proxy {namespace}/{name}:{port}/{path}", url)


def _of_kubelet(node: str) -> _Page:
    return _Page(f"nodes/proxy {node}/configz", f"/api/v1/nodes/{node}/proxy/configz")


@dataclass
class _Found:
    client: Client
    calls: Calls
    reports: dict[PodKey, AgentReport] = field(default_factory=dict)
    logs: dict[tuple[PodKey, str], tuple[str, ...]] = field(default_factory=dict)
    connected: frozenset[PodKey] | None = None
    cluster_dns: str = ""
    config_maps: list[ConfigMap] = field(default_factory=list)
    replica_sets: list[ReplicaSet] = field(default_factory=list)

    async def one(self, read: Read) -> None:
        match read:
            case AskAgent(pod):
                at = _in_pod(pod, AGENT_PORT, "debug/why?now=1")
                page = await self._page(at, reports.from_json, AGENT_S)
                if page is not None:
                    self.reports[pod] = page
            case AskPilot(pod):
                at = _in_pod(pod, PILOT_DEBUG_PORT, "debug/syncz")
                self.connected = await self._page(at, pilot_clients)
            case AskKubelet(node):
                self.cluster_dns = await self._page(_of_kubelet(node), cluster_dns) or ""
            case ReadLog():
                await self._log(read)
            case ReadConfigMap(namespace, name):
                how = f"kubectl -n {namespace} get configmap {name} -o yaml"
                work = self.client.get(kinds.CONFIG_MAP, name, namespace)
                what = f"configmap {namespace}/{name}"
                if one := await self.calls.read(what, how, work, INSIDE_S):
                    self.config_maps.append(one)
            case ListReplicaSets(namespace):
                how = f"kubectl -n {namespace} get replicasets -o yaml"
                work_list = self.client.list(kinds.REPLICA_SET, namespace)
                what = f"list replicasets in {namespace}"
                if listing := await self.calls.read(what, how, work_list, INSIDE_S):
                    self.replica_sets.extend(listing.items)

    async def _page(
        self, page: _Page, parse: Callable[[bytes], T], limit_s: float = INSIDE_S
    ) -> T | None:
        async def fetch() -> T:
            bare, _, query = page.url.partition("?")
            return parse(await self.client.raw("GET", bare, dict(parse_qsl(query))))

        how = f"kubectl get --raw '{page.url}'"
        return await self.calls.read(page.what, how, fetch(), limit_s)

    async def _log(self, read: ReadLog) -> None:
        namespace, name = read.pod
        query = {"container": read.container, "tailLines": str(LOG_LINES)}
        if read.previous:
            query["previous"] = "true"
        work = self.client.raw("GET", kinds.POD.path(namespace, name, "log"), query)
        tail = " --previous" if read.previous else ""
        how = f"kubectl -n {namespace} logs {name} -c {read.container} --tail={LOG_LINES}{tail}"
        what = f"pods/log {namespace}/{name} -c {read.container}"
        text = await self.calls.read(what, how, work, INSIDE_S)
        if text is not None:
            lines = text.decode(errors="replace").splitlines()
            self.logs[read.pod, read.container] = tuple(lines)
            heard = reports.from_log(lines) if read.container == SIDECAR else None
            if heard and not read.previous and read.pod not in self.reports:
                self.reports[read.pod] = heard
