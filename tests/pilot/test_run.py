"""The whole pilot against an API server that is slow, then there, then gone."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import grpc
import grpc.aio
import pytest
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest, DiscoveryResponse

from telltale.kube.client import Client
from telltale.kube.errors import Unavailable
from telltale.kube.transport import Request, Response
from telltale.lib.clock import SystemClock, SystemIds
from telltale.pilot.run import Pilot, PilotSettings, run
from telltale.pilot.xds.order import CDS
from telltale.pilot.xds.server import SERVICE

pytestmark = pytest.mark.live


class Api:
    """A transport with one Service behind it; `there` opens it, `gone` takes it away."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        self.gone = asyncio.Event()

    async def send(self, request: Request) -> Response:
        await self.there.wait()
        if self.gone.is_set():
            raise Unavailable("cannot reach the API server")
        items = []
        if request.path == "/api/v1/services":
            meta = {"name": "a", "namespace": "shop", "resourceVersion": "1"}
            items = [{"metadata": meta, "spec": {"clusterIP": "10.0.0.1", "ports": [
                {"name": "http", "port": 80}]}}]  # fmt: skip
        listing = {"metadata": {"resourceVersion": "1"}, "items": items}
        return Response(200, json.dumps(listing).encode())

    async def lines(self, request: Request) -> AsyncIterator[bytes]:
        await self.gone.wait()
        raise Unavailable("cannot reach the API server")
        yield b""


def test_from_start_to_outage_to_end(free_ports, until):
    async def story() -> None:
        ports = free_ports(3)
        settings = PilotSettings("127.0.0.1", *ports, grace_s=0.2)
        api, webhook = Api(), asyncio.Event()

        async def ready() -> tuple[int, str]:
            try:
                async with session.get(f"http://127.0.0.1:{ports[2]}/ready") as answer:
                    return answer.status, await answer.text()
            except aiohttp.ClientError:
                return 0, ""

        def asked(channel) -> grpc.aio.StreamStreamCall:
            return channel.stream_stream(
                f"/{SERVICE}/StreamAggregatedResources",
                request_serializer=DiscoveryRequest.SerializeToString,
                response_deserializer=DiscoveryResponse.FromString,
            )()

        async def served(channel) -> int:
            call = asked(channel)
            request = DiscoveryRequest(type_url=CDS)
            request.node.id = "sidecar~1.1.1.1~a-0.shop~x"
            await call.write(request)
            answer = await call.read()
            call.cancel()
            return len(answer.resources)

        async with (
            aiohttp.ClientSession() as session,
            grpc.aio.insecure_channel(f"127.0.0.1:{ports[0]}") as channel,
            asyncio.TaskGroup() as group,
        ):
            task = group.create_task(
                run(Pilot(settings, SystemClock(), SystemIds()), Client(api), webhook.is_set)
            )

            def is_(code: int):
                async def check() -> bool:
                    return (await ready())[0] == code

                return check

            await until("an answer", is_(503))
            assert "discovery is not ready" in (await ready())[1]
            assert await asked(channel).code() is grpc.StatusCode.UNAVAILABLE

            api.there.set()

            async def synced() -> bool:
                return "injector" in (await ready())[1]

            await until("the objects to be read", synced)
            webhook.set()
            await until("readiness", is_(200))
            assert await served(channel) == 4

            api.gone.set()
            assert await served(channel) == 4  # the last state is served on
            assert (await ready())[0] == 200

            last = asked(channel)
            request = DiscoveryRequest(type_url=CDS)
            request.node.id = "sidecar~1.1.1.1~a-0.shop~x"
            await last.write(request)
            await last.read()
            task.cancel()
            assert await last.code() is grpc.StatusCode.UNAVAILABLE
            assert "shutting down" in await last.details()

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(bounded())
