"""WasmPlugins whose modules come from elsewhere, in a real Envoy, with a real registry on loopback.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.istio.kinds import WASM_PLUGIN
from telltale.kube.istio.message import Config
from telltale.pilot.modules.content import ARTIFACT
from telltale.pilot.modules.keeper import ModuleSettings
from telltale.pilot.run import Pilot
from tests.pilot.conftest import free_ports, until
from tests.pilot.modules.registry import Registry, serving
from tests.pilot.test_observed_live import observed
from tests.pilot.wasm_module import module

pytestmark = pytest.mark.live
ECDS = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"


def plugin(url: str, **spec: object) -> Config:
    meta = {"name": "p", "namespace": "default"}
    return codec.convert(Config, {"metadata": meta, "spec": {"url": url, **spec}})


@dataclass
class Ground:
    pilot: Pilot
    registry: Registry
    port: int
    session: aiohttp.ClientSession

    def apply(self, one: Config, change: Change = Change.MODIFIED) -> None:
        self.pilot.current.apply_config(WASM_PLUGIN, change, one)

    async def asked(self) -> tuple[int, str]:
        async with self.session.get(f"http://127.0.0.1:{self.port}/") as answer:
            return answer.status, answer.headers.get("x-wasm", "")

    async def answers(self, status: int, header: str) -> None:
        async def so() -> bool:
            return await self.asked() == (status, header)

        await until(f"answers {status} with x-wasm {header!r}", so)

    async def problem(self, words: str) -> None:
        async def so() -> bool:
            return any(words in str(one) for one in self.pilot.push.problems)

        await until(f"a problem with: {words}", so)

    async def quiet(self) -> None:
        async def so() -> bool:
            return not self.pilot.push.problems

        await until("no problem to be left", so)


def run(envoy, story) -> None:
    @asynccontextmanager
    async def ground() -> AsyncIterator[Ground]:
        settings = ModuleSettings(networks=("127.0.0.0/8", "::1/128"))
        async with (
            serving(free_ports(1)[0]) as registry,
            observed(envoy, free_ports, until, {}, modules=settings) as (port, _, pilot),
            aiohttp.ClientSession(headers={"Host": "a"}) as session,
        ):
            one = Ground(pilot, registry, port, session)
            await one.answers(200, "")
            yield one

    async def whole() -> None:
        async with ground() as one:
            await story(one)

    asyncio.run(whole())


def test_a_module_out_of_a_registry_comes_is_changed_and_goes(envoy):
    async def story(at: Ground) -> None:
        at.registry.holds("v1", module(), ARTIFACT)
        at.apply(plugin(f"oci://{at.registry.host}/m:v1"), Change.ADDED)
        await at.answers(200, "1")
        [connection] = at.pilot.status.connections.values()
        known = connection.known()[ECDS]
        assert known.sent == known.acked != ""
        # What cannot be had takes nothing away, and comes as soon as it is there.
        at.apply(plugin(f"http://{at.registry.host}/m.wasm"))
        await at.problem("m.wasm answers 404: the one before holds")
        assert await at.asked() == (200, "1")
        at.registry.files["/m.wasm"] = module(value=b"2")
        await at.answers(200, "2")
        at.apply(plugin(""), Change.DELETED)
        statuses: set[int] = set()

        async def gone() -> bool:
            status, header = await at.asked()
            statuses.add(status)
            return header == ""

        await until("the plugin to be gone", gone)
        assert statuses == {200}
        await at.quiet()

    run(envoy, story)


@pytest.mark.parametrize(("strategy", "status"), [("FAIL_CLOSE", 503), ("FAIL_OPEN", 200),
                                                  ("FAIL_RELOAD", 503)])  # fmt: skip
def test_what_cannot_be_had_follows_the_strategy_until_it_is_there(envoy, strategy, status):
    async def story(at: Ground) -> None:
        url = f"http://{at.registry.host}/m.wasm"
        at.apply(plugin(url, failStrategy=strategy), Change.ADDED)
        await at.problem(f"({strategy})")
        await at.answers(status, "")
        at.registry.files["/m.wasm"] = module()
        await at.answers(200, "1")
        await at.quiet()

    run(envoy, story)


@pytest.mark.parametrize(("strategy", "status"), [("FAIL_CLOSE", 503), ("FAIL_OPEN", 200)])
def test_what_envoy_refuses_is_told_of_the_plugin_and_follows_the_strategy(
    envoy, strategy, status
):
    async def story(at: Ground) -> None:
        at.registry.files["/m.wasm"] = b"\0asm\1\0\0\0 and then nonsense"
        url = f"http://{at.registry.host}/m.wasm"
        at.apply(plugin(url, failStrategy=strategy, sha256=""), Change.ADDED)
        await at.problem("wasmplugin default/p: spec: Envoy rejects the TypedExtensionConfig")
        await at.answers(status, "")
        at.registry.files["/good.wasm"] = module()
        at.apply(plugin(f"http://{at.registry.host}/good.wasm", failStrategy=strategy))
        await at.answers(200, "1")
        await at.quiet()

    run(envoy, story)
