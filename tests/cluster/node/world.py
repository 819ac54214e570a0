"""A node with a real API beside it: pods are created as a scheduler would bind them. No fakes."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import telltale
from telltale.cluster.api.run import ApiSettings, build, serve
from telltale.cluster.images.image import HostImage
from telltale.cluster.images.skeleton import Host
from telltale.cluster.images.store import Images
from telltale.cluster.kubelet import ExecRequest, LogRequest
from telltale.cluster.node.run import Node, NodeSettings
from telltale.kube import codec
from telltale.kube.client import Client
from telltale.kube.errors import ApiError, NotFound
from telltale.kube.kinds import CONFIG_MAP, EVENT, NAMESPACE, POD, SERVICE, SERVICE_ACCOUNT
from telltale.lib.backoff import Backoff
from telltale.lib.clock import SystemClock, SystemIds
from telltale.lib.tasks import supervise

CIDR, DNS = "172.31.200.0/24", "172.31.201.10"


def lacking() -> str:
    """Why this cannot run here; empty when it can."""
    if os.geteuid() != 0:
        return "needs root: network namespaces and containers"
    missing = [name for name in ("runc", "conmon") if not shutil.which(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def settings_for(home: Path) -> NodeSettings:
    quick = Backoff(first_s=0.5, most_s=2.0)
    return NodeSettings(home, "tstn", "tt-tstn", CIDR, DNS, restart=quick)


def images_for(home: Path) -> Images:
    seen = (Path(sys.prefix), Path(sys.base_prefix), Path(telltale.__file__).parent)
    table = (
        HostImage("busy", user="istio-proxy"),
        HostImage("rooty"),
        HostImage(
            "web",
            ("nginx",),
            ("-g", "daemon off;"),
            writable=("/var/log/nginx", "/var/lib/nginx"),
            program="nginx",
            package="nginx",
        ),
    )
    return Images(home / "images", Host(seen, {"hello": "#!/bin/sh\necho hello\n"}), table)


@dataclass
class Typed:
    """The far end of an exec: what is typed, how large the window is, what came back."""

    typed: list[bytes] = field(default_factory=list)
    size: tuple[int, int] | None = None
    out: bytes = b""
    error: bytes = b""

    async def read(self) -> bytes:
        return self.typed.pop(0) if self.typed else b""

    async def write(self, data: bytes, *, error: bool = False) -> None:
        if error:
            self.error += data
        else:
            self.out += data

    async def resized(self) -> tuple[int, int]:
        size, self.size = self.size, None
        if size is None:
            await asyncio.Event().wait()
        assert size
        return size


@dataclass
class World:
    settings: NodeSettings
    client: Client
    node: Node

    async def create(self, name: str, spec: dict[str, Any], **meta: Any) -> None:
        body = {
            "metadata": {"name": name, "namespace": "default", **meta},
            "spec": {
                "nodeName": "node",
                "terminationGracePeriodSeconds": 1,
                "automountServiceAccountToken": False,
                **spec,
            },
        }
        await self.client.create(POD, body)

    async def raw(self, name: str) -> Any:
        return codec.parse(await self.client.raw("GET", POD.path("default", name)))

    async def status(self, name: str, container: str = "app") -> Any:
        status = (await self.raw(name)).get("status", {})
        listed = status.get("initContainerStatuses", []) + status.get("containerStatuses", [])
        return next((one for one in listed if one["name"] == container), None)

    async def ready(self, name: str) -> bool:
        return (await self.client.get(POD, name, "default")).ready

    async def wait_ready(self, name: str) -> None:
        await self.until(f"pod {name} is ready", lambda: self.ready(name))

    async def wait_state(self, name: str, word: str, container: str = "app") -> Any:
        """Until the container's state is `word`: running, terminated, or a waiting reason."""

        async def reached() -> Any:
            found = await self.status(name, container)
            state = found["state"] if found else {}
            reason = state.get("waiting", {}).get("reason")
            return found if word in state or word == reason else None

        return await self.until(f"container {container} of {name} is {word}", reached)

    async def wait_gone(self, name: str) -> None:
        async def gone() -> bool:
            try:
                await self.raw(name)
            except NotFound:
                return True
            return False

        await self.until(f"pod {name} is gone", gone)

    async def events(self, name: str) -> list[tuple[str, str, str]]:
        found = (await self.client.list(EVENT, "default")).items
        return [
            (one.type, one.reason, one.message) for one in found if one.involved_object.name == name
        ]

    async def wait_event(self, name: str, reason: str, part: str = "") -> str:
        async def seen() -> str | None:
            every = await self.events(name)
            return next((text for _, why, text in every if why == reason and part in text), None)

        return str(await self.until(f"event {reason} {part!r} of {name}", seen))

    async def logs(self, name: str, container: str = "app", **more: Any) -> str:
        request = LogRequest("default", name, container, **more)
        return b"".join([line async for line in self.node.kubelet.logs(request)]).decode()

    async def exec(self, name: str, *command: str, container: str = "app") -> tuple[int, str, str]:
        far = Typed()
        request = ExecRequest("default", name, container, command)
        code = await self.node.kubelet.exec(request, far)
        return code, far.out.decode(), far.error.decode()

    async def until(self, what: str, met: Callable[[], Awaitable[Any]], limit_s: float = 15) -> Any:
        end = time.monotonic() + limit_s
        while True:
            if found := await met():
                return found
            if time.monotonic() > end:
                raise TimeoutError(f"waited {limit_s:g} s until {what}")
            await asyncio.sleep(0.02)


@asynccontextmanager
async def living(home: Path) -> AsyncIterator[World]:
    """The API and the node run for as long as the block; containers outlive it."""
    clock, ids = SystemClock(), SystemIds()
    server = build(ApiSettings((), home / "pki", str(home / "store.db")), clock, ids)
    client = Client(server.transport)
    node = Node(settings_for(home), client, clock, ids, images_for(home))
    async with serve(server), supervise() as tasks:
        await _furnish(client)
        tasks.start("node", node.run)
        yield World(settings_for(home), client, node)


async def _furnish(client: Client) -> None:
    """What the controllers would have made."""
    meta = {"namespace": "default"}
    api = {"clusterIP": "172.19.0.1", "ports": [{"name": "https", "port": 443}]}
    wanted: list[tuple[Any, dict[str, Any]]] = [
        (NAMESPACE, {"metadata": {"name": "default"}}),
        (SERVICE_ACCOUNT, {"metadata": {"name": "default", **meta}}),
        (CONFIG_MAP, {"metadata": {"name": "kube-root-ca.crt", **meta}, "data": {"ca.crt": "CA"}}),
        (SERVICE, {"metadata": {"name": "kubernetes", **meta}, "spec": api}),
    ]
    for kind, body in wanted:
        with suppress(ApiError):
            await client.create(kind, body)


async def _alone(home: Path) -> None:
    """Brings up one pod that serves, and waits to be killed."""
    serve = ["python3", "-u", "-m", "http.server", "8000", "--directory", "/usr/share/doc"]
    probe = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1}
    async with living(home) as world:
        app = {"name": "app", "image": "busy", "command": serve, "readinessProbe": probe}
        await world.create("one", {"containers": [app]})
        await world.wait_ready("one")
        (home / ".ready").write_text((await world.raw("one"))["status"]["podIP"])
        (home / ".ready").rename(home / "ready")
        await asyncio.Event().wait()


if __name__ == "__main__":  # a supervisor that a test can kill
    asyncio.run(_alone(Path(sys.argv[1])))
