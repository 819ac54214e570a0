"""From changes to offers: who is offered what, and who is left alone."""

import asyncio
from dataclasses import dataclass

import msgspec
import pytest

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.cluster import Node
from telltale.kube.core import Pod
from telltale.kube.istio.kinds import DESTINATION_RULE
from telltale.kube.istio.message import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import FakeClock
from telltale.lib.tasks import supervise
from telltale.model.options import Options
from telltale.model.workload import Proxy, Workload
from telltale.pilot.metrics import Metrics
from telltale.pilot.push import Push
from telltale.pilot.watch import Current
from telltale.pilot.xds.order import CDS, EDS, LDS, RDS
from telltale.pilot.xds.server import Ended


def service(name: str, **spec) -> Service:
    return codec.convert(Service, {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"clusterIP": "10.0.0.1", "selector": {"app": name},
                 "ports": [{"name": "http", "port": 80, "targetPort": 8080}], **spec},
    })  # fmt: skip


def slice_of(name: str, *addresses: str) -> EndpointSlice:
    return codec.convert(EndpointSlice, {
        "metadata": {"name": f"{name}-1", "namespace": "shop",
                     "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": [address]} for address in addresses],
    })  # fmt: skip


def pod(name: str, app: str) -> Pod:
    return codec.convert(Pod, {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": app}},
        "status": {"podIP": "1.1.1.1", "phase": "Running"},
    })  # fmt: skip


def proxy(name: str, app: str = "", namespace: str = "shop") -> Proxy:
    labels = {"app": app} if app else {}
    return Proxy(f"sidecar~1.1.1.1~{name}.{namespace}~x", Workload(name, namespace, labels))


@dataclass
class World:
    current: Current
    push: Push

    def feed(self, one, change=Change.ADDED):
        match one:
            case Service():
                self.current.apply_service(change, one)
            case EndpointSlice():
                self.current.apply_slice(change, one)
            case Pod():
                self.current.apply_pod(change, one)


@pytest.fixture
def world() -> World:
    clock = FakeClock()
    current = Current(clock)
    made = World(current, Push(current, Options(), clock, Metrics("test")))
    for one in (service("a"), slice_of("a", "1.1.1.1"), service("b")):
        made.feed(one)
    made.push.read()
    return made


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def follows(world: World, story) -> None:
    """Run a story while the push runs."""

    async def run() -> None:
        async with asyncio.timeout(5), supervise() as tasks:
            tasks.start("push", world.push.run)
            await settle()
            await story()

    asyncio.run(run())


def test_equal_proxies_share_one_snapshot(world):
    one = world.push.attach("1", proxy("x-0", "a"))
    two = world.push.attach("2", proxy("x-1", "a"))
    other = world.push.attach("3", proxy("y-0", "b"))
    assert one.value is two.value
    assert one.value is not other.value
    assert one.value.of(EDS) is other.value.of(EDS)
    shared = "outbound|80||a.shop.svc.cluster.local"
    assert one.value.of(CDS).resources[shared] is other.value.of(CDS).resources[shared]
    world.push.detach("1")
    world.push.detach("2")
    assert len(world.push.snapshots) == 1


def test_an_endpoint_change_touches_its_assignment_alone(world):
    offer = world.push.attach("1", proxy("x-0", "a"))
    before = offer.value

    async def story() -> None:
        world.feed(slice_of("a", "1.1.1.1", "1.1.1.2"))
        await settle()
        after = offer.value
        assert after.of(EDS).since(before.of(EDS)).changed == {
            "outbound|80||a.shop.svc.cluster.local"
        }
        for kind in (CDS, LDS, RDS):
            assert after.of(kind) is before.of(kind)

    follows(world, story)


def test_an_endpoint_event_that_changes_nothing_pushes_nothing(world):
    offer = world.push.attach("1", proxy("x-0", "a"))
    before = offer.version

    async def story() -> None:
        world.feed(msgspec.structs.replace(slice_of("a", "1.1.1.1"), address_type="IPv6"))
        await settle()
        assert offer.version == before

    follows(world, story)


def test_a_new_service_reaches_everybody_and_at_once(world):
    near = world.push.attach("1", proxy("x-0", "a"))
    far = world.push.attach("2", proxy("z-0", namespace="far"))

    async def story() -> None:
        world.feed(service("c"))
        await settle()
        for offer in (near, far):
            assert "outbound|80||c.shop.svc.cluster.local" in offer.value.of(CDS).resources

    follows(world, story)


def test_a_storm_is_merged_and_the_last_state_wins(world):
    offer = world.push.attach("1", proxy("x-0", "a"))
    before = offer.version

    async def story() -> None:
        for number in range(1000):
            world.feed(service(f"s{number % 10}", clusterIP=f"10.1.{number // 250}.{number % 250}"))
            await asyncio.sleep(0)
        version = offer.version
        while b"10.1.3.249" not in offer.value.of(RDS).resources["80"].any:
            version, _ = await offer.after(version)
        assert version - before < 50

    follows(world, story)


def test_a_pod_that_is_seen_late_moves_its_proxy_to_its_class(world):
    offer = world.push.attach("1", proxy("a-0"))  # no labels: nothing is served there
    assert "inbound|8080||" not in offer.value.of(CDS).resources

    async def story() -> None:
        world.feed(pod("a-0", "a"))
        await settle()
        assert "inbound|8080||" in offer.value.of(CDS).resources

    follows(world, story)


def test_a_headless_endpoint_rebuilds_listeners(world):
    world.feed(service("db", clusterIP="None", ports=[{"name": "tcp", "port": 5432}]))
    world.push.read()
    offer = world.push.attach("1", proxy("x-0", "a"))

    async def story() -> None:
        one = msgspec.structs.replace(
            slice_of("db", "1.1.1.7"),
            ports=codec.convert(EndpointSlice, {"ports": [{"name": "tcp", "port": 5432}]}).ports,
        )
        world.feed(one)
        version = offer.version
        while "1.1.1.7_5432" not in offer.value.of(LDS).resources:
            version, _ = await offer.after(version)

    follows(world, story)


def test_the_end_is_told_to_those_that_are_here_and_those_that_come(world):
    offer = world.push.attach("1", proxy("x-0"))
    world.push.end("bye")
    assert offer.value == Ended("bye")
    assert world.push.attach("2", proxy("x-1")).value == Ended("bye")


def test_places_are_classes_only_where_they_matter_and_share_what_is_the_same(world):
    def there(name: str, node: str) -> Pod:
        return codec.convert(Pod, {
            "metadata": {"name": name, "namespace": "shop", "labels": {}},
            "spec": {"nodeName": node}, "status": {"podIP": "1.1.1.1", "phase": "Running"},
        })  # fmt: skip

    for name in ("n1", "n2"):
        labels = {"topology.kubernetes.io/zone": name}
        node = codec.convert(Node, {"metadata": {"name": name, "labels": labels}})
        world.current.apply_node(Change.ADDED, node)
        world.feed(there(f"x-{name}", name))
    world.push.read()
    one, two = world.push.attach("1", proxy("x-n1")), world.push.attach("2", proxy("x-n2"))
    assert one.value is two.value
    spec = {"host": "a", "trafficPolicy": {"outlierDetection": {"interval": "1s"}}}
    meta = {"name": "a", "namespace": "shop"}
    rule = codec.convert(Config, {"metadata": meta, "spec": spec})

    async def story() -> None:
        world.current.apply_config(DESTINATION_RULE, Change.ADDED, rule)
        await settle()
        plain = "outbound|80||a.shop.svc.cluster.local"
        names = world.push.attach("3", proxy("x-n1")).value.of(EDS).resources.keys()
        names |= two.value.of(EDS).resources.keys()
        variants = sorted(name for name in names if name.startswith(f"{plain}@"))
        assert [name.partition("@")[2].partition("~")[0] for name in variants] == ["/n1", "/n2"]
        assert one.value.of(CDS).resources[plain].follower == variants[0]
        assert two.value.of(CDS).resources[plain].follower == variants[1]
        before = one.value
        world.feed(slice_of("a", "1.1.1.1", "1.1.1.3"))
        await settle()
        assert one.value.of(EDS) is two.value.of(EDS)
        assert one.value.of(EDS).resources.keys() == names - {plain}
        assert one.value.of(CDS) is before.of(CDS)

    follows(world, story)
