"""The objects of the API that any diagnosis needs: five lists, at once. Never: judges them.

Lists are over all namespaces, since the wrong object is seldom where the symptom is; who may not do
that gets those of the namespace that was asked about, and the world says so.
"""

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from telltale.kube import kinds
from telltale.kube.apps import Deployment
from telltale.kube.client import Client
from telltale.kube.cluster import Event
from telltale.kube.core import Pod
from telltale.kube.kinds import Kind
from telltale.kube.service import EndpointSlice, Service
from telltale.why.gather.calls import LIST_S, Calls
from telltale.why.world import Lack

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Objects:
    pods: tuple[Pod, ...]
    services: tuple[Service, ...]
    slices: tuple[EndpointSlice, ...]
    deployments: tuple[Deployment, ...]
    events: tuple[Event, ...]
    complete: frozenset[str]


async def list_objects(client: Client, calls: Calls, namespace: str) -> Objects:
    """`namespace` "" means everywhere."""
    source = _Source(client, calls, namespace, set())
    async with asyncio.TaskGroup() as group:
        pods = group.create_task(source.everywhere(kinds.POD))
        services = group.create_task(source.everywhere(kinds.SERVICE))
        slices = group.create_task(source.everywhere(kinds.ENDPOINT_SLICE))
        deployments = group.create_task(source.everywhere(kinds.DEPLOYMENT))
        events = group.create_task(source.within(kinds.EVENT, namespace))
    return Objects(
        pods.result(), services.result(), slices.result(), deployments.result(),
        events.result() or (), frozenset(source.complete),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Source:
    client: Client
    calls: Calls
    namespace: str
    complete: set[str]

    async def everywhere(self, kind: Kind[T]) -> tuple[T, ...]:
        found = await self.within(kind, "")
        if found is not None:
            self.complete.add(kind.plural)
            return found
        lacking = [one for one in self.calls.missing if one.what == _what(kind, "")]
        if self.namespace and any(one.lack is Lack.FORBIDDEN for one in lacking):
            return await self.within(kind, self.namespace) or ()
        return ()

    async def within(self, kind: Kind[T], namespace: str) -> tuple[T, ...] | None:
        where = f"-n {namespace}" if namespace else "-A"
        how = f"kubectl get {kind.plural} {where} -o yaml"
        work = self.client.list(kind, namespace)
        listing = await self.calls.read(_what(kind, namespace), how, work, LIST_S)
        return tuple(listing.items) if listing else None


def _what(kind: Kind[T], namespace: str) -> str:
    return f"list {kind.plural} in {namespace or 'all namespaces'}"
