"""A namespace that comes into the mesh, and leaves it, by its label (`discoverySelectors`)."""

import asyncio

import pytest

from telltale.kube.client import Change
from telltale.kube.meta import Config, Meta
from telltale.lib.clock import FakeClock
from telltale.lib.tasks import supervise
from telltale.model.discovery import Asks, Clause, Discovery
from telltale.model.options import Options
from telltale.pilot.intake.gatewayapi.read import NAMESPACES
from telltale.pilot.metrics import Metrics
from telltale.pilot.push import Push
from telltale.pilot.watch import Current
from tests.pilot.test_push import pod, service, settle

OPTIONS = Options(discovery=Discovery(((Clause("mesh", Asks.ONE_OF, ("on",)),),)))


def labelled(current: Current, **labels: str) -> None:
    one = Config(metadata=Meta(name="shop", labels=labels))
    current.apply_config(NAMESPACES, Change.MODIFIED, one)


@pytest.fixture
def world() -> tuple[Current, Push]:
    clock = FakeClock()
    current = Current(clock)
    labelled(current)
    current.apply_service(Change.ADDED, service("a"))
    current.apply_pod(Change.ADDED, pod("a-1", "a"))
    return current, Push(current, OPTIONS, clock, Metrics("0"))


def test_it_comes_and_goes_with_its_label(world: tuple[Current, Push]):
    current, push = world
    for labels, there in (({}, False), ({"mesh": "on"}, True), ({"mesh": "off"}, False)):
        labelled(current, **labels)
        push.read()
        assert bool(push.mesh.services) is bool(push.mesh.workloads) is there


def test_a_pod_that_comes_later_is_taken_only_where_its_namespace_is(world: tuple[Current, Push]):
    current, push = world
    push.read()

    async def story() -> None:
        await settle()
        current.apply_pod(Change.ADDED, pod("a-2", "a"))
        await settle()
        assert not push.mesh.workloads
        labelled(current, mesh="on")
        await settle()
        assert set(push.mesh.workloads) == {"a-1.shop", "a-2.shop"}
        current.apply_pod(Change.ADDED, pod("a-3", "a"))
        await settle()
        assert "a-3.shop" in push.mesh.workloads

    async def run() -> None:
        async with asyncio.timeout(5), supervise() as tasks:
            tasks.start("push", push.run)
            await story()

    asyncio.run(run())
