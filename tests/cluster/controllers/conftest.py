"""The controllers at work on a real API server, in process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from telltale.cluster.api.run import ApiServer, ApiSettings, build
from telltale.cluster.controllers import run
from telltale.kube.client import Client
from telltale.kube.kinds import NAMESPACE, NODE, POD
from telltale.lib.clock import SystemClock, SystemIds
from telltale.lib.moment import rfc3339


@dataclass
class Cluster:
    client: Client
    server: ApiServer

    async def until(self, what: str, holds: Callable[[], Awaitable[object]], limit_s: float = 5.0):
        """What `holds` returns once it is true."""
        found: object = None
        try:
            async with asyncio.timeout(limit_s):
                while not (found := await holds()):  # noqa: ASYNC110 - a user's eyes
                    await asyncio.sleep(0.002)
        except TimeoutError:
            pytest.fail(f"waited {limit_s} s for {what}; last seen: {found}")
        return found

    async def pods(self, count: int, *, labels: str = "", ready: bool | None = None):
        async def there():
            items = (await self.client.list(POD, "default", labels=labels)).items
            live = [one for one in items if one.metadata.deletion_timestamp is None]
            if ready is not None:
                live = [one for one in live if one.ready is ready]
            return len(live) == count and (live or True)

        return await self.until(f"{count} pods {labels}", there)

    async def make_ready(self, name: str, address: str, *, ready: bool = True) -> None:
        """What a node would report."""
        now = rfc3339(SystemClock().now())
        condition = {
            "type": "Ready",
            "status": "True" if ready else "False",
            "lastTransitionTime": now,
        }
        status = {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [condition],
        }
        await self.client.patch(
            POD, name, {"status": status}, namespace="default", subresource="status"
        )


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    clock, ids = SystemClock(), SystemIds()
    server = build(ApiSettings((), folder / "pki", str(folder / "store.db")), clock, ids)
    client = Client(server.transport)
    working = asyncio.ensure_future(run.run(run.Settings("CA"), client, clock, ids))
    try:
        made = Cluster(client, server)
        for name in ("default", "kube-system"):
            with contextlib.suppress(Exception):
                await client.create(NAMESPACE, {"metadata": {"name": name}})
        node = {"metadata": {"name": "node"}}
        await client.create(NODE, node)
        status = {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        await client.patch(NODE, "node", {"status": status}, subresource="status")
        yield made
    finally:
        working.cancel()
        await asyncio.wait([working])
        server.store.close()


@pytest.fixture
def story(tmp_path) -> Callable[[Callable[[Cluster], Awaitable[None]]], None]:
    """Runs a story in a cluster of its own."""

    def tell(told: Callable[[Cluster], Awaitable[None]]) -> None:
        async def inside() -> None:
            async with cluster(tmp_path) as one:
                await told(one)

        asyncio.run(inside())

    return tell
