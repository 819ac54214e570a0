"""What is said of every object follows what is there now."""

import asyncio

import pytest

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.core import Pod
from telltale.kube.istio.kinds import DESTINATION_RULE, SERVICE_ENTRY
from telltale.kube.meta import Config, Ref
from telltale.kube.service import Service
from telltale.lib.clock import FakeClock
from telltale.lib.tasks import supervise
from telltale.model.options import Options
from telltale.pilot.intake.problem import Problem
from telltale.pilot.intake.status import About
from telltale.pilot.metrics import Metrics
from telltale.pilot.push import Push
from telltale.pilot.verdicts import Verdicts
from telltale.pilot.watch import Current

ABOUT = About(DESTINATION_RULE, "shop", "cart")
META = {"name": "cart", "namespace": "shop"}


class World:
    def __init__(self) -> None:
        clock = FakeClock()
        self.current = Current(clock)
        self.push = Push(self.current, Options(), clock, Metrics("test"))
        self.verdicts = Verdicts(self.push, self.current)
        ports, chosen = [{"port": 80}], {"app": "cart"}
        service = {
            "metadata": META, "spec": {"clusterIP": "10.0.0.1", "selector": chosen, "ports": ports}
        }  # fmt: skip
        self.current.apply_service(Change.ADDED, codec.convert(Service, service))
        self.rule({"host": "cart", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]})

    def rule(self, spec: dict, generation: int = 1) -> None:
        one = codec.convert(Config, {"metadata": {**META, "generation": generation}, "spec": spec})
        self.current.apply_config(DESTINATION_RULE, Change.MODIFIED, one)

    def pod(self) -> None:
        self.current.apply_pod(Change.ADDED, codec.convert(Pod, {
            "metadata": {**META, "labels": {"app": "cart", "version": "v1"}},
            "status": {"phase": "Running", "podIP": "1.1.1.1"},
        }))  # fmt: skip

    def said(self) -> dict:
        [condition] = self.verdicts.statuses.value[ABOUT]["conditions"]
        return condition


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_wrong_is_said_and_taken_back(world):
    async def story() -> None:
        world.push.read()
        await world.verdicts.judge()
        assert (world.said()["status"], world.said()["reason"]) == ("True", "Warnings")
        assert "selects no workload" in world.said()["message"]
        world.pod()
        world.push.read()
        await world.verdicts.judge()
        assert world.said()["reason"] == "Accepted"
        world.rule({"host": 7}, generation=2)
        world.push.read()
        await world.verdicts.judge()
        assert (world.said()["status"], world.said()["observedGeneration"]) == ("False", 2)
        assert "spec.host: expected a string, found an integer (7)" in world.said()["message"]

    asyncio.run(story())


def test_a_condition_and_an_address_stand_beside_each_other(world):
    async def story() -> None:
        spec = {"hosts": ["a.example"], "ports": [{"number": 80, "name": "http"}]}
        given = {"metadata": META, "spec": {**spec, "resolution": "STATIC"}}
        one = codec.convert(Config, given)
        world.current.apply_config(SERVICE_ENTRY, Change.ADDED, one)
        world.push.read()
        await world.verdicts.judge()
        said = world.verdicts.statuses.value[About(SERVICE_ENTRY, "shop", "cart")]
        assert said["conditions"][0]["reason"] == "Accepted"
        assert [one["host"] for one in said["addresses"]] == ["a.example"]

    asyncio.run(story())


def test_what_proxies_reject_is_said_of_the_object(world):
    async def story() -> None:
        world.pod()
        world.push.read()
        ref = Ref("DestinationRule", "shop", "cart")
        world.push.rejected = (Problem(ref, "spec", "Envoy rejects it", "so", "mend it"),)
        await world.verdicts.judge()
        assert world.said()["message"] == "spec: Envoy rejects it: so; mend it"

    asyncio.run(story())


def test_it_follows_the_push_by_itself_and_says_nothing_twice(world):
    async def story() -> None:
        async with asyncio.timeout(10), supervise() as tasks:
            tasks.start("push", world.push.run)
            tasks.start("judge", world.verdicts.run)
            world.push.read()
            seen, _ = await world.verdicts.statuses.after(0)
            await world.verdicts.judge()
            assert world.verdicts.statuses.version == seen
            world.pod()  # moves no more than parts
            await world.verdicts.statuses.after(seen)
            assert world.said()["reason"] == "Accepted"

    asyncio.run(story())
