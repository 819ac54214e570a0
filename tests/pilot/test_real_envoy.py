"""The pilot and a real Envoy on loopback: objects are fed by hand, no API server is there.

The proxy says INTERCEPTION_MODE NONE, so its outbound listeners really bind and can be dialled.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener
from google.protobuf.any_pb2 import Any as Packed

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import SystemClock, SystemIds
from telltale.pilot.debug import syncz
from telltale.pilot.run import Pilot, PilotSettings, serve
from telltale.pilot.xds.order import CDS, EDS, LDS, RDS
from telltale.pilot.xds.resource import make
from telltale.pilot.xds.snapshot import Snapshot

pytestmark = pytest.mark.live
NODE = "sidecar~127.0.0.9~client-0.default~default.svc.cluster.local"
METADATA = {
    "NAMESPACE": "default", "NAME": "client-0", "LABELS": {"app": "client"},
    "INTERCEPTION_MODE": "NONE",
}  # fmt: skip


def service(name: str, port: int, address: str, protocol: str = "http") -> Service:
    return codec.convert(Service, {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"clusterIP": address, "ports": [{"name": protocol, "port": port}]},
    })  # fmt: skip


def slice_of(name: str, *endpoints: tuple[str, int], protocol: str = "http") -> EndpointSlice:
    port = endpoints[0][1] if endpoints else 1
    return codec.convert(EndpointSlice, {
        "metadata": {"name": f"{name}-1", "namespace": "default",
                     "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": protocol, "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [host], "conditions": {"ready": True}}
                      for host, _ in endpoints],
    })  # fmt: skip


@dataclass
class World:
    pilot: Pilot
    grpc: int
    web: int

    def feed(self, *objects: Service | EndpointSlice, change: Change = Change.MODIFIED) -> None:
        for one in objects:
            if isinstance(one, Service):
                self.pilot.current.apply_service(change, one)
            else:
                self.pilot.current.apply_slice(change, one)


@asynccontextmanager
async def running(
    free_ports, *objects: Service | EndpointSlice
) -> AsyncIterator[World]:
    grpc, monitoring, http = free_ports(3)
    settings = PilotSettings("127.0.0.1", grpc, monitoring, http, grace_s=0.2)
    pilot = Pilot(settings, SystemClock(), SystemIds())
    world = World(pilot, grpc, monitoring)
    world.feed(*objects)
    pilot.begin()
    async with serve(pilot, lambda: True):
        yield world


@asynccontextmanager
async def backends(port: int, *hosts: str) -> AsyncIterator[None]:
    """A little HTTP server on each loopback address, which answers with that address."""
    runners = []
    for host in hosts:
        async def answer(request: web.Request, host: str = host) -> web.Response:
            return web.Response(text=host)

        app = web.Application()
        app.router.add_route("*", "/{any:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        runners.append(runner)
    try:
        yield
    finally:
        for runner in runners:
            await runner.cleanup()


async def ask(port: int, host: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/", headers={"Host": host}) as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
def test_envoy_is_configured_and_follows_endpoints_alone(envoy, free_ports, until, delta):
    """Requests reach both backends; a third comes by EDS, with CDS and LDS left alone."""

    async def story() -> None:
        port, behind = free_ports(2)
        objects = (
            service("reviews", port, "127.9.0.1"),
            slice_of("reviews", ("127.0.0.2", behind), ("127.0.0.3", behind)),
        )
        async with (
            backends(behind, "127.0.0.2", "127.0.0.3", "127.0.0.4"),
            running(free_ports, *objects) as world,
            envoy(NODE, METADATA, pilot=world.grpc, delta=delta) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            seen = {await ask(port, "reviews.default") for _ in range(20)}
            assert seen == {(200, "127.0.0.2"), (200, "127.0.0.3")}

            before = await proxy.stats()
            world.feed(slice_of("reviews", ("127.0.0.4", behind)))

            async def moved() -> bool:
                return await ask(port, "reviews") == (200, "127.0.0.4")

            await until("the new endpoint to be used", moved)
            after = await proxy.stats()
            for name in (
                "cluster_manager.cds.update_success", "listener_manager.lds.update_success",
                "cluster_manager.cluster_modified", "listener_manager.listener_modified",
            ):  # fmt: skip
                assert after[name] == before[name], name
            rejected = {name: value for name, value in after.items() if "update_rejected" in name}
            assert not any(rejected.values()), rejected

            [known] = world.pilot.status.connections.values()

            async def answered() -> bool:
                return all(one.acked == one.sent for one in known.types.values())

            await until("every response to be acknowledged", answered)
            assert set(known.types) == {CDS, EDS, LDS, RDS}

    asyncio.run(story())


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
def test_services_come_and_go(envoy, free_ports, until, delta):
    async def story() -> None:
        port, other, behind = free_ports(3)
        async with (
            backends(behind, "127.0.0.2"),
            running(free_ports, service("a", port, "127.9.0.1"),
                    slice_of("a", ("127.0.0.2", behind))) as world,
            envoy(NODE, METADATA, pilot=world.grpc, delta=delta) as proxy,
        ):  # fmt: skip
            await until("Envoy to be live", proxy.ready)
            world.feed(service("b", other, "127.9.0.2"), slice_of("b", ("127.0.0.2", behind)))

            async def there() -> bool:
                return f"0.0.0.0_{other}" in await proxy.listening()

            await until("the new listener", there)
            assert await ask(other, "b") == (200, "127.0.0.2")
            world.feed(service("b", other, "127.9.0.2"), slice_of("b", ("127.0.0.2", behind)),
                       change=Change.DELETED)  # fmt: skip

            async def gone() -> bool:
                stats = await proxy.stats()
                return (f"0.0.0.0_{other}" not in await proxy.listening()
                        and stats["cluster_manager.cluster_removed"] == 1)  # fmt: skip

            await until("the listener and the cluster to be gone", gone)
            assert await ask(port, "a") == (200, "127.0.0.2")

    asyncio.run(story())


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
def test_a_changed_cluster_does_not_wait_for_its_endpoints(envoy, free_ports, until, delta):
    """HTTP to HTTP/2 changes the cluster: without its EDS sent again Envoy would stall 15 s."""

    async def story() -> None:
        port, behind = free_ports(2)
        async with (
            backends(behind, "127.0.0.2"),
            running(free_ports, service("a", port, "127.9.0.1"),
                    slice_of("a", ("127.0.0.2", behind))) as world,
            envoy(NODE, METADATA, pilot=world.grpc, delta=delta) as proxy,
        ):  # fmt: skip
            await until("Envoy to be live", proxy.ready)
            changed = codec.convert(Service, {
                "metadata": {"name": "a", "namespace": "default"},
                "spec": {"clusterIP": "127.9.0.1", "ports": [
                    {"name": "http", "port": port, "appProtocol": "http2"}]},
            })  # fmt: skip
            world.feed(changed)

            async def settled() -> bool:
                stats = await proxy.stats()
                return (stats["cluster_manager.cluster_modified"] == 1
                        and stats["cluster_manager.warming_clusters"] == 0)  # fmt: skip

            await until("the changed cluster to be warm", settled, 3)

    asyncio.run(story())


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
def test_a_rejected_resource_is_told_and_attributed(envoy, free_ports, until, delta):
    async def story() -> None:
        port, behind = free_ports(2)
        async with (
            backends(behind, "127.0.0.2"),
            running(free_ports, service("a", port, "127.9.0.1"),
                    slice_of("a", ("127.0.0.2", behind))) as world,
            envoy(NODE, METADATA, pilot=world.grpc, delta=delta) as proxy,
        ):  # fmt: skip
            await until("Envoy to be live", proxy.ready)
            push = world.pilot.push
            [(key, good)] = push.snapshots.items()
            bad = good.of(LDS).with_changes([make("broken", Listener(name="broken"))])
            [member] = push.members.values()
            member.offer.publish(Snapshot({**good.sets, LDS: bad}))
            [known] = world.pilot.status.connections.values()

            async def told() -> bool:
                return bool(known.types[LDS].error)

            await until("the rejection", told)
            assert "broken" in known.types[LDS].error
            assert known.types[LDS].acked != known.types[LDS].sent
            [sync] = syncz(world.pilot.status)
            assert list(sync["resources"][LDS]["withheld"]) == ["broken"]
            [problem] = world.pilot.push.problems
            assert str(problem.object) == "listener broken"
            assert problem.what.startswith("Envoy rejects the Listener broken: ")
            assert await ask(port, "a") == (200, "127.0.0.2")

            member.offer.publish(good)

            async def healed() -> bool:
                return not known.types[LDS].error

            await until("the good listeners to be accepted again", healed)
            assert not world.pilot.push.problems
            assert world.pilot.push.snapshots[key] is good

    asyncio.run(story())


@pytest.mark.parametrize("delta", [True, False], ids=["delta", "sotw"])
def test_the_rest_of_a_rejected_response_goes_on(envoy, free_ports, until, delta):
    """A cluster that Envoy refuses comes with a good one, which is taken all the same."""

    async def story() -> None:
        port, behind = free_ports(2)
        async with (
            backends(behind, "127.0.0.2"),
            running(free_ports, service("a", port, "127.9.0.1"),
                    slice_of("a", ("127.0.0.2", behind))) as world,
            envoy(NODE, METADATA, pilot=world.grpc, delta=delta) as proxy,
        ):  # fmt: skip
            await until("Envoy to be live", proxy.ready)
            push = world.pilot.push
            [good] = push.snapshots.values()
            [member] = push.members.values()
            [known] = world.pilot.status.connections.values()
            named = good.of(CDS).resources["BlackHoleCluster"]
            fine = Cluster.FromString(Packed.FromString(named.any).value)
            fine.name = "fine"
            broken = Cluster(name="broken", type=Cluster.EDS)
            more = good.of(CDS).with_changes([make("broken", broken), make("fine", fine)])
            member.offer.publish(Snapshot({**good.sets, CDS: more}))

            async def settled() -> bool:
                status = known.types[CDS]
                return bool(status.error) and status.acked == status.sent

            await until("all but the broken one to be accepted", settled)
            [problem] = push.problems
            assert str(problem.object) == "cluster broken"
            found = await proxy.stat("cluster_manager.active_clusters")
            assert found == len(good.of(CDS).resources) + 2  # and the pilot's own, and fine
            assert await ask(port, "a") == (200, "127.0.0.2")

    asyncio.run(story())


def test_no_request_is_lost_while_endpoints_go_and_come(envoy, free_ports, until):
    """GET and POST under load while backends leave in turn: first the endpoint, then the server."""

    async def story() -> None:
        port, behind = free_ports(2)
        hosts = ("127.0.0.2", "127.0.0.3")

        def serving(*which: str) -> EndpointSlice:
            return slice_of("a", *((host, behind) for host in which))

        async with (
            running(free_ports, service("a", port, "127.9.0.1"), serving(*hosts)) as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
            backends(behind, hosts[0]),
        ):
            await until("Envoy to be live", proxy.ready)
            load = Load(port, until)
            async with load:
                for _ in range(4):
                    async with backends(behind, hosts[1]):
                        world.feed(serving(*hosts))
                        await load.more(100)
                        world.feed(serving(hosts[0]))
                        await until("the endpoint to be gone", Settled(world).now)
                        await load.more(50)  # a sidecar that drains serves on for seconds
                    await load.more(100)  # the server is closed, its connections with it
            assert load.failed == []
            assert load.done >= 4 * 250

    asyncio.run(story())


def test_safe_requests_survive_a_backend_that_vanishes(envoy, free_ports, until):
    """Killed under load, its endpoint still listed: GET is tried elsewhere; POST that was under way
    may have been served, so it may fail, but a POST that was not sent is tried elsewhere too."""

    async def story() -> None:
        port, behind = free_ports(2)
        hosts = ("127.0.0.2", "127.0.0.3")
        async with (
            running(free_ports, service("a", port, "127.9.0.1"),
                    slice_of("a", *((host, behind) for host in hosts))) as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
            backends(behind, hosts[0]),
        ):  # fmt: skip
            await until("Envoy to be live", proxy.ready)
            async with Load(port, until, ("GET", "HEAD", "GET", "OPTIONS")) as load:
                for _ in range(4):
                    async with backends(behind, hosts[1]):
                        await load.more(100)
                    await load.more(100)
            assert load.failed == []
            async with Load(port, until, ("POST",)) as load:
                await load.more(50)
            assert load.failed == []  # half of these had to be tried again: nobody listens there

    asyncio.run(story())


class Settled:
    """Whether the one client has acknowledged every response."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def now(self) -> bool:
        known = [*self._world.pilot.status.connections.values()]
        return len(known) == 1 and all(
            one.acked == one.sent for one in known[0].types.values()
        )

    async def complete(self) -> bool:
        """What has no wildcard is not answered at all when the client has it already."""
        known = self._world.pilot.status.connections.values()
        return await self.now() and all({CDS, LDS} <= one.types.keys() for one in known)


class Load:
    """Requests without pause from four clients; what is not 200 is kept."""

    def __init__(self, port: int, until, methods=("GET", "POST", "GET", "POST")) -> None:
        self._methods = methods
        self._until = until
        self._url = f"http://127.0.0.1:{port}/"
        self.done, self.failed = 0, []

    async def __aenter__(self) -> "Load":
        self._session = aiohttp.ClientSession(headers={"Host": "a"})
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._tasks = [self._group.create_task(self._ask(one)) for one in self._methods]
        return self

    async def __aexit__(self, *error) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(*error)
        await self._session.close()

    async def more(self, count: int) -> None:
        goal = self.done + count

        async def reached() -> bool:
            return self.done >= goal

        await self._until(f"{count} more requests", reached)

    async def _ask(self, method: str) -> None:
        while True:
            async with self._session.request(method, self._url) as answer:
                text = await answer.text()
                self.done += 1
                if answer.status != 200:
                    self.failed.append((method, answer.status, text))


def test_envoy_comes_back_to_a_restarted_pilot_without_a_change(envoy, free_ports, until):
    async def story() -> None:
        port, behind = free_ports(2)
        objects = (service("a", port, "127.9.0.1"), slice_of("a", ("127.0.0.2", behind)))
        grpc, monitoring, http = free_ports(3)
        settings = PilotSettings("127.0.0.1", grpc, monitoring, http, grace_s=0.2)
        async with (
            backends(behind, "127.0.0.2"),
            envoy(NODE, METADATA, pilot=grpc) as proxy,
        ):
            found = []
            for _ in range(2):
                world = World(Pilot(settings, SystemClock(), SystemIds()), grpc, monitoring)
                async with serve(world.pilot, lambda: True):
                    assert not world.pilot.status.connections  # nothing is read yet
                    world.feed(*objects)
                    world.pilot.begin()
                    await until("Envoy to be live", proxy.ready)
                    await until("Envoy to be connected and settled", Settled(world).complete)
                    found.append(await proxy.stats())
                assert await ask(port, "a") == (200, "127.0.0.2")  # the pilot is gone now
            before = found[0]
            after = await proxy.stats()
            for name in (
                "cluster_manager.cluster_modified", "listener_manager.listener_modified",
                "cluster_manager.cluster_added", "listener_manager.listener_added",
            ):  # fmt: skip
                assert after[name] == before[name], name

    asyncio.run(story())


def test_the_pages(envoy, free_ports, until):
    async def story() -> None:
        port, behind = free_ports(2)
        objects = (service("a", port, "127.9.0.1"), slice_of("a", ("127.0.0.2", behind)))
        async with (
            running(free_ports, *objects) as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
            aiohttp.ClientSession(f"http://127.0.0.1:{world.web}") as session,
        ):
            await until("Envoy to be live", proxy.ready)

            async def page(path: str, code: int = 200) -> str:
                async with session.get(path) as answer:
                    assert answer.status == code, (path, answer.status, await answer.text())
                    return await answer.text()

            [client] = codec.parse(await page("/debug/syncz"))
            assert client["proxy"] == "client-0.default"
            assert client["cluster_sent"] == client["cluster_acked"] != ""
            assert codec.parse(await page("/debug/connections"))["totalClients"] == 1
            assert "a.default.svc.cluster.local" in await page("/debug/endpointz")
            assert "a.default.svc.cluster.local" in await page("/debug/registryz")
            dump = await page("/debug/config_dump?proxyID=client-0.default")
            assert f"outbound|{port}||a.default.svc.cluster.local" in dump
            assert "send Cluster" in await page("/debug/streamz?proxyID=client-0")
            await page("/debug/config_dump", 400)
            await page("/debug/config_dump?proxyID=nobody", 404)
            await page("/debug/nothing", 404)
            await page("/ready")
            text = await page("/metrics")
            for name in ("pilot_info{", "pilot_xds{", 'pilot_xds_pushes_total{type="cds"} 1.0',
                         "pilot_services 1.0", "pilot_proxy_convergence_time_count"):  # fmt: skip
                assert name in text, name

    asyncio.run(story())
