"""Workloads that a ServiceEntry selects: their comings and goings are endpoint changes, no more."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.core import Pod
from telltale.kube.istio.kinds import SERVICE_ENTRY, WORKLOAD_ENTRY
from telltale.kube.istio.message import Config
from telltale.kube.service import EXPORT_TO
from telltale.lib.clock import FakeClock
from telltale.model.options import Options
from telltale.pilot.metrics import Metrics
from telltale.pilot.push import Push
from telltale.pilot.watch import Current
from telltale.pilot.xds.order import CDS, EDS, LDS, RDS
from tests.pilot import conftest
from tests.pilot.test_push import follows, proxy, service, settle

NAME = "outbound|80||ext.example"


@dataclass
class World:
    current: Current
    push: Push

    def addresses(self) -> list[str]:
        behind = self.push.mesh.endpoints["ext.example"][80]
        return [one.address for one in behind]


def entry(resolution: str = "STATIC") -> Config:
    return codec.convert(Config, {
        "metadata": {"name": "ext", "namespace": "shop"},
        "spec": {"hosts": ["ext.example"], "resolution": resolution,
                 "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
                 "workloadSelector": {"labels": {"app": "ext"}}},
    })  # fmt: skip


def pod(ready: bool, app: str = "ext") -> Pod:
    told = {"type": "Ready", "status": "True" if ready else "False"}
    return codec.convert(Pod, {
        "metadata": {"name": "ext-0", "namespace": "shop", "labels": {"app": app}},
        "status": {"podIP": "1.1.1.7", "phase": "Running", "conditions": [told]},
    })  # fmt: skip


def machine(address: str, status=None) -> Config:
    return codec.convert(Config, {
        "metadata": {"name": "vm", "namespace": "shop"}, "status": status or {},
        "spec": {"address": address, "labels": {"app": "ext"}},
    })  # fmt: skip


async def until(what: str, check: Callable[[], bool]) -> None:
    """The pilot merges changes that come close together, so one may take a moment."""

    async def now() -> bool:
        return check()

    await conftest.until(what, now, 4)


@pytest.fixture
def world() -> World:
    clock = FakeClock()
    current = Current(clock)
    current.apply_config(SERVICE_ENTRY, Change.ADDED, entry())
    made = World(current, Push(current, Options(), clock, Metrics("test")))
    made.push.read()
    return made


def test_a_pod_is_an_endpoint_while_it_is_ready_and_has_the_labels(world):
    offer = world.push.attach("1", proxy("x-0"))
    first = offer.value

    async def story() -> None:
        assert world.addresses() == []
        there = ["1.1.1.7"]
        for given, expected in (
            (pod(True), there), (pod(False), []), (pod(True), there),
            (pod(True, "other"), []), (pod(True), there),
        ):  # fmt: skip
            before = offer.value
            world.current.apply_pod(Change.MODIFIED, given)
            await settle()
            assert world.addresses() == expected
            assert offer.value.of(EDS).since(before.of(EDS)).changed == {NAME}
        world.current.apply_pod(Change.DELETED, pod(True))
        await settle()
        assert world.addresses() == []
        for kind in (CDS, LDS, RDS):
            assert offer.value.of(kind) is first.of(kind)

    follows(world, story)


def test_a_machine_that_falls_ill_is_no_endpoint_any_more(world):
    ill = {"conditions": [{"type": "Healthy", "status": "False"}]}

    async def story() -> None:
        world.current.apply_config(WORKLOAD_ENTRY, Change.ADDED, machine("1.1.1.8"))
        await until("the machine to be there", lambda: world.addresses() == ["1.1.1.8"])
        world.current.apply_config(WORKLOAD_ENTRY, Change.MODIFIED, machine("1.1.1.8", ill))
        await until("it to be gone", lambda: world.addresses() == [])

    follows(world, story)


def test_names_that_proxies_look_up_come_with_the_cluster(world):
    offer = world.push.attach("1", proxy("x-0"))

    async def story() -> None:
        world.current.apply_config(SERVICE_ENTRY, Change.MODIFIED, entry("DNS"))
        await until("nobody to be looked up", lambda: NAME not in offer.value.of(CDS).resources)
        world.current.apply_config(WORKLOAD_ENTRY, Change.ADDED, machine("vm.example"))
        await until("a name to be looked up", lambda: NAME in offer.value.of(CDS).resources)

    follows(world, story)


def test_whom_a_service_is_shown_to_is_a_change(world):
    offer = world.push.attach("1", proxy("x-0", namespace="elsewhere"))
    shown, hidden = service("a"), service("a")
    hidden.metadata.annotations[EXPORT_TO] = "."
    cluster = "outbound|80||a.shop.svc.cluster.local"

    async def story() -> None:
        world.current.apply_service(Change.MODIFIED, shown)
        await until("it to be seen", lambda: cluster in offer.value.of(CDS).resources)
        world.current.apply_service(Change.MODIFIED, hidden)
        await until("it to be hidden", lambda: cluster not in offer.value.of(CDS).resources)

    follows(world, story)
