"""The pilot, a real Envoy as the proxy of client-0.shop, and backends, all on loopback.

Objects are fed as YAML, no API server is there. The proxy says INTERCEPTION_MODE NONE, so its
listeners really bind. Each backend has an address of its own and answers with its name.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.cluster import Node
from telltale.kube.core import Pod
from telltale.kube.istio.kinds import DEFINITIONS
from telltale.kube.istio.message import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import SystemClock, SystemIds
from telltale.model.mesh import Mesh
from telltale.pilot.run import Pilot, PilotSettings, serve

NODE = "sidecar~127.0.0.9~client-0.shop~shop.svc.cluster.local"
METADATA = {
    "NAMESPACE": "shop", "NAME": "client-0", "LABELS": {"app": "client"},
    "INTERCEPTION_MODE": "NONE",
}  # fmt: skip
KINDS = {one.kind.kind: one.kind for one in DEFINITIONS}


@dataclass
class Backend:
    """Answers with its name and `status`; while `open` is not set, not at all."""

    name: str
    address: str
    status: int = 200
    open: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    served: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.waiting += 1
        await self.open.wait()
        self.waiting -= 1
        self.served += 1
        return web.Response(text=self.name, status=self.status)


@dataclass
class Ground:
    pilot: Pilot
    port: int  # on which the service is dialled
    behind: int  # on which the backends listen
    session: aiohttp.ClientSession
    backends: dict[str, Backend] = field(default_factory=dict)
    _before: Mesh | None = None

    def apply(self, text: str, change: Change = Change.MODIFIED) -> None:
        """YAML in which PORT is the service's port."""
        self._before = self.pilot.push.mesh
        for one in codec.parse_yaml(text.replace("PORT", str(self.port))):
            self._apply(one, change)

    def _apply(self, one: codec.Object, change: Change) -> None:
        current = self.pilot.current
        match one["kind"]:
            case "Service":
                current.apply_service(change, codec.convert(Service, one))
            case "Pod":
                current.apply_pod(change, codec.convert(Pod, one))
            case "Node":
                current.apply_node(change, codec.convert(Node, one))
            case "EndpointSlice":
                current.apply_slice(change, codec.convert(EndpointSlice, one))
            case kind:
                current.apply_config(KINDS[kind], change, codec.convert(Config, one))

    def serve(
        self, *names: str, service: str = "cart", nodes: dict[str, str] | None = None
    ) -> None:
        """These backends are the endpoints of the service; a pod's version is its name's part
        before the dash."""
        nodes = nodes or {}
        for name in names:
            labels = {"app": service, "version": name.partition("-")[0]}
            self._apply({"kind": "Pod",
                         "metadata": {"name": name, "namespace": "shop", "labels": labels},
                         "spec": {"nodeName": nodes.get(name, "")},
                         "status": {"phase": "Running", "podIP": self.backends[name].address}},
                        Change.MODIFIED)  # fmt: skip
        pod = {"kind": "Pod", "namespace": "shop"}
        endpoints = [
            {"addresses": [self.backends[name].address], "nodeName": nodes.get(name, ""),
             "targetRef": {**pod, "name": name}} for name in names
        ]  # fmt: skip
        self._apply({
            "kind": "EndpointSlice",
            "metadata": {"name": f"{service}-1", "namespace": "shop",
                         "labels": {"kubernetes.io/service-name": service}},
            "ports": [{"name": "http", "port": self.behind}], "endpoints": endpoints,
        }, Change.MODIFIED)  # fmt: skip

    async def ask(self, path: str = "/", **headers: str) -> tuple[int, str]:
        headers = {"Host": "cart", **{name.replace("_", "-"): one for name, one in headers.items()}}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.get(url, headers=headers) as answer:
            return answer.status, await answer.text()

    async def who(self, times: int, **headers: str) -> Counter[str]:
        """Who answered so many requests, and with what if it was not 200."""
        found: Counter[str] = Counter()
        for _ in range(times):
            status, text = await self.ask(**headers)
            found[text if status == 200 else f"{status} {text}".strip()] += 1
        return found

    async def read(self) -> bool:
        """The pilot has read what was applied last."""
        return self.pilot.push.mesh is not self._before

    async def settled(self) -> bool:
        """The one client has acknowledged every response."""
        known = [*self.pilot.status.connections.values()]
        return len(known) == 1 and all(one.acked == one.sent for one in known[0].types.values())


@asynccontextmanager
async def ground(
    free_ports, *names: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Ground, int]]:
    """The pilot's gRPC port comes along; the Service `cart` and these backends are there."""
    grpc, monitoring, http, port, behind = free_ports(5)
    pilot = Pilot(
        PilotSettings("127.0.0.1", grpc, monitoring, http, grace_s=0.2), SystemClock(), SystemIds()
    )
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        found = Ground(pilot, port, behind, session)
        for number, name in enumerate(names):
            backend = found.backends[name] = Backend(name, f"127.0.0.{number + 20}")
            backend.open.set()
            await stack.enter_async_context(listening(backend, behind, tls))
        found.apply(CART)
        found.serve(*names)
        pilot.begin()
        await stack.enter_async_context(serve(pilot, lambda: True))
        yield found, grpc


@asynccontextmanager
async def listening(
    backend: Backend, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", backend.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, backend.address, port, ssl_context=tls).start()
        yield
    finally:
        backend.open.set()
        await runner.cleanup()


CART = """
kind: Service
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 127.9.0.1, selector: {app: cart}, ports: [{name: http, port: PORT}]}
"""
