"""Seconds from an endpoint's change to the last of STREAMS delta streams that has it.

A real pilot's gRPC server in this process, the streams' clients in another; both read the machine's
one monotonic clock. Each stream has the clusters and assignments of SERVICES services and
acknowledges every response. The peer is Istio's debounce of 0.1 s, which an endpoint's change waits
for before anything is sent. What 500 clients written in Python cost is in the figure.
"""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from bench import planning
from bench.row import Row
from telltale.kube.client import Change
from telltale.lib.clock import SystemClock, SystemIds
from telltale.pilot.run import Pilot, PilotSettings, serve
from telltale.pilot.xds.order import CDS, EDS
from telltale.pilot.xds.server import SERVICE

STREAMS = 500
SERVICES = 100
RUNS = 5
DEBOUNCE_S = 0.1
LIMIT_S = 120


def measure() -> list[Row]:
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    pilot = Pilot(PilotSettings("127.0.0.1", *_free_ports(3)), SystemClock(), SystemIds())
    planning.fill(pilot.current, SERVICES)
    async with asyncio.timeout(LIMIT_S), serve(pilot, lambda: True):
        pilot.begin()
        before = _resident()
        async with _clients(pilot.settings.grpc_port) as clients:
            await clients.readuntil(b"ready\n")
            per_stream = (_resident() - before) / STREAMS / 1e3
            took = sorted([await _moved(pilot, clients, turn) for turn in range(RUNS)])[RUNS // 2]
    checked = f"median of {RUNS}; each of {STREAMS} streams told which endpoint it got"
    return [
        Row(f"endpoint to the last of {STREAMS} streams", took, "s", checked, DEBOUNCE_S),
        Row("pilot's memory for a stream", per_stream, "kB",
            f"resident, {STREAMS} delta streams with {SERVICES} services each"),
    ]  # fmt: skip


async def _moved(pilot: Pilot, clients: asyncio.StreamReader, turn: int) -> float:
    """One endpoint of one service has another address; when everybody has it."""
    began = time.monotonic()
    pilot.current.apply_slice(Change.MODIFIED, planning.moved_slice(0, f"172.16.200.{turn + 1}"))
    return float(await clients.readline()) - began


@asynccontextmanager
async def _clients(port: int) -> AsyncIterator[asyncio.StreamReader]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.streams", str(port), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _resident() -> int:
    """Bytes of this process in memory (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class _Client:
    """One delta stream: `got` counts the changed assignments that have come."""

    def __init__(self, channel: grpc.aio.Channel, number: int) -> None:
        self._call = channel.stream_stream(
            f"/{SERVICE}/DeltaAggregatedResources",
            request_serializer=DeltaDiscoveryRequest.SerializeToString,
            response_deserializer=DeltaDiscoveryResponse.FromString,
        )()
        self._number = number

    async def begin(self) -> None:
        """Until clusters and their assignments are there."""
        request = DeltaDiscoveryRequest(type_url=CDS, resource_names_subscribe=["*"])
        namespace = f"ns-{self._number % planning.NAMESPACES}"
        request.node.id = f"sidecar~172.16.251.1~c-{self._number}.{namespace}~x"
        await self._call.write(request)
        clusters = await self._next()
        names = [one.name for one in clusters.resources if one.name.startswith("outbound|")]
        wanted = DeltaDiscoveryRequest(type_url=EDS, resource_names_subscribe=names)
        await self._call.write(wanted)
        while names:
            found = await self._next()
            names = [one for one in names if one not in {told.name for told in found.resources}]

    async def moved(self) -> None:
        """Until the next assignment comes."""
        while (await self._next()).type_url != EDS:
            pass

    async def _next(self) -> DeltaDiscoveryResponse:
        found: DeltaDiscoveryResponse = await self._call.read()
        await self._call.write(
            DeltaDiscoveryRequest(type_url=found.type_url, response_nonce=found.nonce)
        )
        return found


async def _follow(port: int) -> None:
    """The other process: says `ready`, then for each change when the last stream had it."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        clients = [_Client(channel, number) for number in range(STREAMS)]
        await asyncio.gather(*(one.begin() for one in clients))
        print("ready", flush=True)
        while True:
            await asyncio.gather(*(one.moved() for one in clients))
            print(time.monotonic(), flush=True)


if __name__ == "__main__":
    asyncio.run(_follow(int(sys.argv[1])))
