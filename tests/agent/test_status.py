"""The page on :15020 over a real Envoy without a pilot, asked by a kubelet, a stranger, the pod."""

import asyncio
import json
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from telltale.agent import process
from telltale.agent.admin import Admin
from telltale.agent.drain import Asked
from telltale.agent.h1 import Answer, Request
from telltale.agent.settings import Flags, Settings, read
from telltale.agent.status import Life, Status
from telltale.agent.watch import Watch
from telltale.lib.clock import FakeClock

pytestmark = pytest.mark.live


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return numbers


def made(folder: Path) -> Settings:
    admin, prometheus, pilot = free_ports(3)
    config = {"proxyAdminPort": admin, "configPath": str(folder), "concurrency": 1}
    environ = {
        "POD_NAME": "p",
        "INSTANCE_IP": "127.0.0.1",
        "PROXY_CONFIG": json.dumps(config),
        "ENVOY_PROMETHEUS_PORT": str(prometheus),
    }
    return read(environ, Flags(log_level="error", discovery_address=f"127.0.0.1:{pilot}"))


Talk = Callable[[Status, "asyncio.Queue[Asked]", Life], Awaitable[None]]


def over_envoy(folder: Path, talk: Talk) -> None:
    async def run() -> None:
        settings = made(folder)
        asked: asyncio.Queue[Asked] = asyncio.Queue(1)
        envoy = process.start(settings, lambda: None)
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, envoy.reap)
        admin, life = Admin(settings.ports.admin), Life()
        watch = Watch(settings.target, settings.resolv_conf, admin, FakeClock())
        status = Status(settings, watch, envoy, life, asked)
        try:
            async with asyncio.timeout(20), asyncio.TaskGroup() as group:
                watching = group.create_task(watch.loop())
                while (await watch.look()).numbers is None or not watch.walks:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                await talk(status, asked, life)
                watching.cancel()
        finally:
            await envoy.stop()

    asyncio.run(run())


async def ask(status: Status, method: str, path: str, peer: str = "127.0.0.1") -> Answer:
    return await status.respond(Request(method, path, peer=peer))


def test_the_page(tmp_path):
    async def talk(status: Status, asked: "asyncio.Queue[Asked]", life: Life) -> None:
        answer = await ask(status, "GET", "/healthz/ready", "172.16.3.1")
        first, second = answer.body.decode().splitlines()
        assert answer.status == 503 and "is Pilot running?" in first
        assert second.startswith("stage: dial: dial tcp 127.0.0.1:")

        why = json.loads((await ask(status, "GET", "/debug/why")).body)
        assert list(why) == [
            "ready", "stage", "since", "target", "nameserver", "address", "error", "attempts",
            "cds", "lds", "last_nack", "connected", "envoy", "proxy", "dns",
        ]  # fmt: skip
        assert why["since"] == "2019-08-30T16:43:50Z" and why["envoy"]["pid"] > 0
        assert why["address"] == why["target"] and why["proxy"] == "p.default"

        assert b"istio_agent_ready 0" in (await ask(status, "GET", "/metrics")).body
        assert (await ask(status, "GET", "/nothing")).status == 404
        assert (await ask(status, "GET", "/app-health/x/livez")).status == 400

        assert (await ask(status, "POST", "/quitquitquit", "172.16.3.9")).status == 403
        assert (await ask(status, "GET", "/quitquitquit")).status == 405 and asked.empty()
        assert (await ask(status, "POST", "/drain")).status == 200
        assert asked.get_nowait() is Asked.DRAIN

        life.leaving = "SIGTERM received, draining"
        said = (await ask(status, "GET", "/healthz/ready")).body
        assert said.startswith(b"Envoy proxy is NOT ready: server is terminated: SIGTERM received")

    over_envoy(tmp_path, talk)


def test_who_asks_now_has_a_walk_made_and_the_next_one_its_result(tmp_path):
    async def run() -> None:
        settings = made(tmp_path)
        envoy = process.start(settings, lambda: None)
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, envoy.reap)
        admin = Admin(settings.ports.admin)
        watch = Watch(settings.target, settings.resolv_conf, admin, FakeClock())
        status = Status(settings, watch, envoy, Life(), asyncio.Queue(1))
        try:
            before = json.loads((await ask(status, "GET", "/debug/why")).body)
            assert before["error"].endswith("being looked into") and watch.walks == 0
            at_once = Request("GET", "/debug/why", "now=1", peer="172.16.3.1")
            answers = await asyncio.gather(status.respond(at_once), status.respond(at_once))
            assert all("dial tcp 127.0.0.1:" in one.body.decode() for one in answers)
            assert watch.walks == 1
        finally:
            await envoy.stop()

    asyncio.run(run())


def test_a_silent_envoy_is_named_not_taken_for_a_silent_pilot(tmp_path):
    async def run() -> Answer:
        settings = made(tmp_path)
        admin = Admin(settings.ports.admin)
        watch = Watch(settings.target, settings.resolv_conf, admin, FakeClock())
        envoy = process.start(settings, lambda: None)
        await envoy_gone(envoy)
        status = Status(settings, watch, envoy, Life(), asyncio.Queue(1))
        why = json.loads((await ask(status, "GET", "/debug/why")).body)
        assert why["envoy"] == {"state": "DOWN", "pid": None}
        return await ask(status, "GET", "/healthz/ready")

    async def envoy_gone(envoy: process.Envoy) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, envoy.reap)
        await envoy.stop()

    answer = asyncio.run(run())
    assert answer.status == 503
    assert b"failed to get readiness stats: GET 127.0.0.1:" in answer.body
    assert b"connection refused" in answer.body
