"""Who is told of names, and when."""

import asyncio

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.istio.kinds import SIDECAR
from telltale.kube.meta import Config
from telltale.kube.service import Service
from telltale.lib.clock import FakeClock
from telltale.lib.tasks import supervise
from telltale.model.options import Options
from telltale.model.workload import Proxy, Workload
from telltale.pilot.following import Following
from telltale.pilot.metrics import Metrics
from telltale.pilot.push import Push
from telltale.pilot.watch import Current
from telltale.pilot.xds.server import Ended


def service(name, address="10.0.0.1", **spec):
    meta = {"name": name, "namespace": "shop"}
    spec = {"clusterIP": address, "ports": [{"port": 80}], **spec}
    return codec.convert(Service, {"metadata": meta, "spec": spec})


def proxy(namespace="shop"):
    return Proxy(f"sidecar~1.1.1.1~a.{namespace}~x", Workload("a", namespace))


class World:
    def __init__(self):
        clock = FakeClock()
        self.current = Current(clock)
        self.push = Push(self.current, Options(), clock, Metrics("test"))
        self.following = Following(self.push)
        self.current.apply_service(Change.ADDED, service("web"))
        self.push.read()

    async def again(self):
        self.push.read()
        await self.push.publish(0.0)
        self.following.tell()


def test_what_is_new_is_told_and_nothing_twice():
    async def story():
        world = World()
        told = world.following.attach(proxy())
        first = told.value
        await world.again()
        assert told.value is first and told.version == 1
        world.current.apply_service(Change.MODIFIED, service("web", sessionAffinity="ClientIP"))
        await world.again()
        assert told.version == 1
        world.current.apply_service(Change.ADDED, service("db", "10.0.0.2"))
        await world.again()
        assert told.version == 2 and b"db.shop.svc" in told.value.any
        world.following.detach(told)
        world.current.apply_service(Change.DELETED, service("db"))
        await world.again()
        assert told.version == 2

    asyncio.run(story())


def test_those_who_see_alike_share_a_table_and_others_do_not():
    async def story():
        world = World()
        meta = {"name": "s", "namespace": "far"}
        own = {"metadata": meta, "spec": {"egress": [{"hosts": ["./*"]}]}}
        world.current.apply_config(SIDECAR, Change.ADDED, codec.convert(Config, own))
        await world.again()
        one, two, far = (world.following.attach(proxy(one)) for one in ("shop", "shop", "far"))
        assert one.value is two.value and b"web.shop.svc" in one.value.any
        assert b"web.shop.svc" not in far.value.any

    asyncio.run(story())


def test_it_follows_the_push_by_itself_and_ends_with_the_pilot():
    async def story():
        world = World()
        async with asyncio.timeout(10), supervise() as tasks:
            tasks.start("push", world.push.run)
            tasks.start("tell", world.following.run)
            told = world.following.attach(proxy())
            world.current.apply_service(Change.ADDED, service("db", "10.0.0.2"))
            await told.after(1)
            assert b"db.shop.svc" in told.value.any
            world.following.end("bye")
            assert told.value == Ended("bye")
            world.following.tell()
            assert told.value == Ended("bye")

    asyncio.run(story())
