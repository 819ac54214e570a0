"""What a real istioctl reads of the pilot: debug pages over HTTP, debug types over xDS.

The proxy here is a bare xDS client that acknowledges what it gets, so that each state can be held.
"""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import grpc
import grpc.aio
import pytest
from envoy.admin.v3.config_dump_shared_pb2 import ClustersConfigDump
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest, DiscoveryResponse
from envoy.service.status.v3 import csds_pb2 as csds

from telltale.inspect import objects
from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.codec import convert
from telltale.kube.istio.kinds import VIRTUAL_SERVICE
from telltale.kube.meta import Config
from telltale.lib.clock import SystemClock, SystemIds
from telltale.pilot.redact import redacted
from telltale.pilot.run import Pilot, PilotSettings, serve
from telltale.pilot.xds.order import CDS, LDS, RDS, TYPES
from telltale.pilot.xds.server import SERVICE
from tests.inspect.test_way_live import feed

SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {clusterIP: 127.9.0.1, selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: front, namespace: shop, labels: {app: reviews}}
spec: {containers: [{name: c}]}
"""


def virtual_service(generation: int, prefix: str) -> Config:
    return convert(Config, {
        "metadata": {"name": "r", "namespace": "shop", "generation": generation},
        "spec": {"hosts": ["reviews"], "http": [{
            "match": [{"uri": {"prefix": prefix}}],
            "route": [{"destination": {"host": "reviews"}}]}]},
    })  # fmt: skip


@dataclass
class World:
    pilot: Pilot
    http: int
    stream: grpc.aio.StreamStreamCall
    channel: grpc.aio.Channel

    async def page(self, path: str, status: int = 200):
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.http}/debug/{path}") as answer,
        ):
            text = await answer.text()
            assert answer.status == status, text
            return json.loads(text) if status == 200 else text

    async def take(self, *, acknowledge: bool = True) -> DiscoveryResponse:
        told = await self.stream.read()
        if acknowledge:
            await self.accept(told)
        return told

    async def accept(self, told: DiscoveryResponse) -> None:
        await self.stream.write(DiscoveryRequest(
            type_url=told.type_url, response_nonce=told.nonce, version_info=told.version_info,
            resource_names=["9080"] if told.type_url == RDS else []))  # fmt: skip

    async def ask(self, type_url: str, *names: str) -> DiscoveryResponse:
        """As istioctl does: a stream of its own, one request."""
        call = streaming(self.channel)
        request = DiscoveryRequest(type_url=type_url, resource_names=names)
        request.node.id = "sidecar~127.0.0.1~test-1.default~default.svc.cluster.local"
        request.node.metadata.update({"GENERATOR": "event"})
        await call.write(request)
        told = await call.read()
        await call.done_writing()
        return told

    async def generations(self) -> dict:
        [one] = await self.page("config_distribution?resource=VirtualService/shop/r")
        return one


def streaming(channel: grpc.aio.Channel) -> grpc.aio.StreamStreamCall:
    return channel.stream_stream(
        f"/{SERVICE}/StreamAggregatedResources",
        request_serializer=DiscoveryRequest.SerializeToString,
        response_deserializer=DiscoveryResponse.FromString,
    )()


@asynccontextmanager
async def connected(free_ports):
    grpc_port, monitoring, http = free_ports(3)
    settings = PilotSettings("127.0.0.1", grpc_port, monitoring, http, grace_s=0.2, name="pilot-1")
    pilot = Pilot(settings, SystemClock(), SystemIds())
    feed(pilot, objects.of(codec.parse_yaml(SERVICES)))
    pilot.current.apply_config(VIRTUAL_SERVICE, Change.ADDED, virtual_service(3, "/a"))
    pilot.begin()
    async with (
        serve(pilot, lambda: True),
        grpc.aio.insecure_channel(f"127.0.0.1:{grpc_port}") as channel,
    ):
        world = World(pilot, monitoring, streaming(channel), channel)
        for type_url, names in ((CDS, []), (LDS, []), (RDS, ["9080"])):
            request = DiscoveryRequest(type_url=type_url, resource_names=names)
            request.node.id = "sidecar~127.0.0.9~front.shop~shop.svc.cluster.local"
            request.node.metadata.update({"ISTIO_VERSION": "1.2"})
            await world.stream.write(request)
            assert (await world.take()).type_url == type_url
        yield world
        await world.stream.done_writing()


def story(free_ports, told) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20), connected(free_ports) as world:
            await told(world)

    asyncio.run(bounded())


def test_who_is_connected_is_told_as_client_configs(free_ports, until):
    async def told(world):
        async def settled():
            nonlocal response
            response = await world.ask("istio.io/debug/syncz")
            [client] = [csds.ClientConfig.FromString(one.value) for one in response.resources]
            return states(client)[CDS] == csds.SYNCED

        response = DiscoveryResponse()
        await until("the last acknowledgement to be counted", settled)
        identity = json.loads(response.control_plane.identifier)
        assert (identity["Component"], identity["ID"]) == ("istiod", "pilot-1")
        [client] = [csds.ClientConfig.FromString(one.value) for one in response.resources]
        assert client.node.id == "front.shop"
        assert client.node.metadata["NAMESPACE"] == "shop"
        assert client.node.metadata["ISTIO_VERSION"] == "1.2"
        types = {one.type_url: one for one in client.generic_xds_configs}
        assert types[CDS].last_updated.seconds > 0
        assert len(types) == len(TYPES)

    story(free_ports, told)


def states(client):
    return {one.type_url: one.config_status for one in client.generic_xds_configs}


def test_a_rejection_and_a_silence_are_told_apart(free_ports, until):
    async def told(world):
        world.pilot.current.apply_config(VIRTUAL_SERVICE, Change.MODIFIED, virtual_service(4, "/b"))
        sent = await world.take(acknowledge=False)
        assert sent.type_url == RDS

        async def client():
            response = await world.ask("istio.io/debug/syncz")
            return csds.ClientConfig.FromString(response.resources[0].value)

        assert states(await client())[RDS] == csds.STALE
        refusal = DiscoveryRequest(
            type_url=RDS, response_nonce=sent.nonce, resource_names=["9080"]
        )
        refusal.error_detail.message = "no such thing"
        await world.stream.write(refusal)

        async def errs():
            return states(await client())[RDS] == csds.ERROR

        await until("the rejection", errs)
        routes = [one for one in (await client()).generic_xds_configs if one.type_url == RDS]
        assert routes[0].error_state.details == "no such thing"

    story(free_ports, told)


def test_a_dump_and_any_page_come_over_xds_too(free_ports):
    async def told(world):
        dump = await world.ask("istio.io/debug/config_dump", "front.shop")
        [clusters] = [one for one in dump.resources if one.type_url.endswith("ClustersConfigDump")]
        found = ClustersConfigDump.FromString(clusters.value)
        assert len(found.dynamic_active_clusters) > 1
        [page] = (await world.ask("istio.io/debug", "registryz")).resources
        assert page.type_url == "istio.io/debug"
        assert [one["hostname"] for one in json.loads(page.value)] == [
            "reviews.shop.svc.cluster.local"
        ]
        [edsz] = (await world.ask("istio.io/debug", "edsz?proxyID=front.shop")).resources
        assert "reviews" in edsz.value.decode()
        for type_url, names, said in (
            ("istio.io/debug/config_dump", ["nobody"], "Proxy not connected"),
            ("istio.io/debug", ["nothing"], "no such page"),
            ("istio.io/debug", ["edsz"], "You must provide a proxyID"),
            ("istio.io/debug", [], "exactly one resource name"),
        ):
            with pytest.raises(grpc.aio.AioRpcError, match=said):
                await world.ask(type_url, *names)
        assert len(world.pilot.status.connections) == 1

    story(free_ports, told)


def test_where_an_object_has_arrived_is_told_by_its_generation(free_ports, until):
    async def told(world):
        async def all_of(generation):
            found = await world.generations()
            return {found.get(key) for key in ("cluster_acked", "listener_acked",
                                               "route_acked")} == {generation}  # fmt: skip

        await until("the first generation everywhere", lambda: all_of("3"))
        world.pilot.current.apply_config(VIRTUAL_SERVICE, Change.MODIFIED, virtual_service(4, "/b"))
        sent = await world.take(acknowledge=False)
        assert "route_acked" not in await world.generations()
        await world.accept(sent)
        await until("the second everywhere", lambda: all_of("4"))
        full = "networking.istio.io/v1/VirtualService/shop/r"
        assert await world.page(f"config_distribution?resource={full}") == [
            await world.generations()
        ]
        assert await world.page("config_distribution?resource=VirtualService/shop/r"
                                "&proxy_namespace=other") == []  # fmt: skip
        assert "no VirtualService shop/x" in await world.page(
            "config_distribution?resource=VirtualService/shop/x", 400
        )
        assert "resource" in await world.page("config_distribution", 400)

    story(free_ports, told)


def test_the_pages_are_those_of_the_field(free_ports):
    async def told(world):
        listed = await world.page("list")
        for name in listed:
            status = 400 if name == "config_distribution" else 200
            await world.page(f"{name}?proxyID=front.shop", status)
        [one] = await world.page("configz")
        assert (one["apiVersion"], one["kind"]) == ("networking.istio.io/v1", "VirtualService")
        assert one["metadata"]["name"] == "r"
        found = await world.page("push_status")
        assert found["pilot_eds_no_instances"] == {
            "outbound|9080||reviews.shop.svc.cluster.local": {}
        }
        [kind] = await world.page("resourcesz")
        assert kind["kind"] == "VirtualService"
        [instance] = (await world.page("instancesz"))["front.shop"]
        assert instance["Port"]["TargetPort"] == 9080
        assert (await world.page("adsz"))["totalClients"] == 1
        flat = await world.page("config_dump?proxyID=front.shop&types=lds,rds")
        assert {one["@type"] for one in flat["configs"]} == {LDS, RDS}
        assert "no such page" in await world.page("nothing", 404)

    story(free_ports, told)


def test_secrets_are_not_shown():
    given = {"a": [{"private_key": {"inline_string": "S", "filename": "/f"}, "name": "n"}],
             "password": "S", "session_ticket_keys": {"keys": [{"inline_bytes": "S"}]}}  # fmt: skip
    shown = redacted(given)
    assert '"S"' not in json.dumps(shown)
    assert shown["a"][0]["private_key"]["filename"] == "/f"
    assert shown["a"][0]["name"] == "n"
