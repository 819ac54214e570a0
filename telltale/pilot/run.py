"""The pilot as a process's work: informers, pushes, gRPC and HTTP, and how they start and stop.

`run` needs an API server; `serve` only a filled `Current`, whoever fills it. Never: a rule.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from aiohttp import web

from telltale import __version__
from telltale.kube import codec
from telltale.kube.client import Client
from telltale.kube.cluster import Secret
from telltale.kube.informer import Informer
from telltale.kube.kinds import CONFIG_MAP, ENDPOINT_SLICE, NODE, POD, SECRET, SERVICE
from telltale.lib.clock import Clock, Ids
from telltale.lib.tasks import supervise
from telltale.model.options import DEFAULT, Options
from telltale.pilot.configs import Configs
from telltale.pilot.doors import Doors
from telltale.pilot.following import Following
from telltale.pilot.intake.gatewayapi.read import NAMESPACES
from telltale.pilot.intake.read import CONFIGS
from telltale.pilot.making import Maker
from telltale.pilot.metrics import Metrics
from telltale.pilot.modules.keeper import Around, Keeper, ModuleSettings
from telltale.pilot.push import Push
from telltale.pilot.status import Status
from telltale.pilot.statuses import Writer
from telltale.pilot.verdicts import Verdicts
from telltale.pilot.watch import Current
from telltale.pilot.web import Shown, application
from telltale.pilot.xds import server

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PilotSettings:
    """`debug_from`: networks besides loopback that may see /debug (see `access`).

    `name`: of the pod, as each response says it.
    """

    bind: str = "0.0.0.0"
    grpc_port: int = 15010
    monitoring_port: int = 15014
    http_port: int = 8080
    options: Options = DEFAULT
    debug_from: tuple[str, ...] = ()
    grace_s: float = 2.0
    name: str = ""
    modules: ModuleSettings = field(default_factory=ModuleSettings)


class Pilot:
    """All the parts; `current` is fed from outside, `synced` is set once it is complete."""

    def __init__(self, settings: PilotSettings, clock: Clock, ids: Ids) -> None:
        self.settings = settings
        self.clock = clock
        self.metrics = Metrics(__version__)
        began = clock.monotonic()
        self.metrics.uptime.set_function(lambda: clock.monotonic() - began)
        self.current = Current(clock)
        self.push = Push(self.current, settings.options, clock, self.metrics)
        around = Around(self.current.has_address, self._login)
        self.modules = Keeper(
            settings.modules, self.push.wanted, around, self.current.apply_modules
        )
        self.status = Status(clock, self.metrics)
        self.synced = False
        self.following = Following(self.push)
        self.doors = Doors(
            self.push, self.status, clock, ids, lambda: self.synced, following=self.following,
            identity=_identity(settings.name), debug_from=settings.debug_from,
        )  # fmt: skip

    def _login(self, namespace: str, name: str) -> Secret | None:
        return self.current.logins.get((namespace, name))

    async def begin_with_modules(self) -> None:
        """As `begin`, but not before it is known which modules there are: proxies of which plugins
        hold already are not to lose them because the pilot began anew.
        """
        self.push.read()
        await self.modules.first(self.push.wanted.value)
        self.begin()

    def begin(self) -> None:
        """All objects are there: read them, then let proxies in."""
        self.push.read()
        self.synced = True
        log.info("synced: %d services, %d pods", len(self.push.mesh.services),
                 len(self.push.mesh.workloads))  # fmt: skip


def _identity(name: str) -> str:
    """Who answers, in the form that istioctl reads out of `control_plane.identifier`."""
    info = {"version": __version__, "revision": "", "status": ""}
    return codec.encode({"Component": "istiod", "ID": name, "Info": info}).decode()


async def run(
    pilot: Pilot, client: Client, others_ready: Callable[[], bool] = lambda: True
) -> None:
    """Until cancelled; then streams are ended so that proxies come back elsewhere or later.

    `others_ready`: whether what runs beside the pilot (the injection webhook) is ready too. Loss of
    the API server changes nothing for proxies: the last state is served on.
    """
    current = pilot.current
    services, slices, pods, secrets, nodes = (
        Informer(client, SERVICE), Informer(client, ENDPOINT_SLICE), Informer(client, POD),
        Informer(client, SECRET), Informer(client, NODE),
    )  # fmt: skip
    services.listeners.append(current.apply_service)
    slices.listeners.append(current.apply_slice)
    pods.listeners.append(current.apply_pod)
    kinds = [kind for kind in CONFIGS if kind is not NAMESPACES]
    configs = Configs(client, kinds, current.apply_config)
    namespaces = Informer(client, NAMESPACES)
    namespaces.listeners.append(partial(current.apply_config, NAMESPACES))
    secrets.listeners.append(current.apply_secret)
    texts = Informer(client, CONFIG_MAP)
    texts.listeners.append(current.apply_text)
    nodes.listeners.append(current.apply_node)
    async with supervise() as tasks, serve(pilot, others_ready):
        tasks.start("watch services", services.run)
        tasks.start("watch endpointslices", slices.run)
        tasks.start("watch pods", pods.run)
        tasks.start("watch nodes", nodes.run)
        tasks.start("watch secrets", secrets.run)
        configs.start(tasks)
        tasks.start("watch namespaces", namespaces.run)
        tasks.start("watch configmaps", texts.run)
        for informer in (services, slices, pods, secrets, namespaces, texts, nodes):
            await informer.wait_synced()
        await configs.wait_synced()
        await pilot.begin_with_modules()
        verdicts = Verdicts(pilot.push, current)
        tasks.start("judge objects", verdicts.run)
        tasks.start("write statuses", Writer(client, current, verdicts.statuses, pilot.clock).run)
        tasks.start("make what Gateways need", Maker(client, pilot.push.made).run)
        await asyncio.Event().wait()


@asynccontextmanager
async def serve(pilot: Pilot, others_ready: Callable[[], bool]) -> AsyncIterator[None]:
    """gRPC, HTTP and the pushes, for as long as the block lasts. Raises OSError on a taken port."""
    settings = pilot.settings

    def unready() -> str:
        if not pilot.synced:
            return "discovery is not ready: the API server's objects are not read yet"
        return "" if others_ready() else "sidecar injector is not ready"

    shown = Shown(
        pilot.push, pilot.status, pilot.metrics, __version__, unready, settings.debug_from
    )
    async with AsyncExitStack() as stack:
        for port in dict.fromkeys((settings.http_port, settings.monitoring_port)):
            await stack.enter_async_context(_http(application(shown), settings.bind, port))
        grpc = await server.serve(pilot.doors, f"{settings.bind}:{settings.grpc_port}")
        tasks = await stack.enter_async_context(supervise())
        tasks.start("push", pilot.push.run)
        tasks.start("tell names", pilot.following.run)
        tasks.start("fetch modules", pilot.modules.run)
        try:
            yield
        finally:
            pilot.synced = False
            for lane in (pilot.push, pilot.following):
                lane.end("the pilot is shutting down")
            await asyncio.shield(grpc.stop(settings.grace_s))


@asynccontextmanager
async def _http(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
