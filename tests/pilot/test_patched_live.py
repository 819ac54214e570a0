"""A user's EnvoyFilters in a real Envoy: each operation shows in an answer, a bad one spoils none.
"""

import asyncio

import aiohttp
import pytest

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.istio.kinds import ENVOY_FILTER, WASM_PLUGIN
from telltale.kube.istio.message import Config
from tests.pilot.test_observed_live import observed
from tests.pilot.wasm_module import module

pytestmark = pytest.mark.live
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"
ROUTER = {"listener": {"filterChain": {"filter": {
    "name": "envoy.filters.network.http_connection_manager",
    "subFilter": {"name": "envoy.filters.http.router"}}}}}  # fmt: skip


def entry(part: str, operation: str, value: dict | None = None, **match) -> dict:
    patch = {"operation": operation} | ({"value": value} if value else {})
    return {"applyTo": part, "match": match, "patch": patch}


def lua(name: str, words: str) -> dict:
    source = f'function envoy_on_response(h) h:headers():add("x-said", "{words}") end'
    return {"name": name, "typed_config": {
        "@type": LUA, "default_source_code": {"inline_string": source}}}  # fmt: skip


def named(name: str) -> dict:
    return {"listener": {"filterChain": {"filter": {
        "name": "envoy.filters.network.http_connection_manager", "subFilter": {"name": name}}}}}


def entries(port: int) -> list[dict]:
    """A route of its own to a cluster of its own, and filters of every operation."""
    own = {"name": "own", "match": {"prefix": "/own"},
           "direct_response": {"status": 203, "body": {"inline_string": "own"}}}  # fmt: skip
    bad = {"name": "bad", "typed_config": {"@type": LUA, "inline_code": "this is no lua"}}
    return [
        entry("HTTP_FILTER", "INSERT_BEFORE", lua("first", "first"), **ROUTER),
        entry("HTTP_FILTER", "INSERT_BEFORE", lua("second", "second"), **ROUTER),
        entry("HTTP_FILTER", "INSERT_AFTER", lua("between", "between"), **named("first")),
        entry("HTTP_FILTER", "ADD", lua("gone", "gone"), listener={}),
        entry("HTTP_FILTER", "REMOVE", **named("gone")),
        entry("HTTP_FILTER", "INSERT_FIRST", lua("outer", "old"), listener={}),
        entry("HTTP_FILTER", "REPLACE", lua("outer", "outer"), **named("outer")),
        entry("HTTP_ROUTE", "INSERT_FIRST", own, routeConfiguration={"portNumber": port}),
        entry("VIRTUAL_HOST", "MERGE",
              {"response_headers_to_add": [{"header": {"key": "x-host", "value": "merged"}}]},
              routeConfiguration={"vhost": {"name": f"a.default.svc.cluster.local:{port}"}}),
        entry("CLUSTER", "MERGE", {"connect_timeout": "-1s"}, cluster={"portNumber": port}),
        entry("CLUSTER", "REMOVE", cluster={"name": "nobody"}),
        entry("HTTP_FILTER", "ADD", {**bad, "nope": 1}, listener={}),
    ]  # fmt: skip


def test_every_operation_shows_and_a_bad_one_spoils_nothing(envoy, free_ports, until):
    async def story() -> None:
        nothing = codec.convert(Config, {"metadata": {"name": "x", "namespace": "default"}})
        async with observed(
            envoy, free_ports, until, {}, nothing, kind=ENVOY_FILTER
        ) as (port, _, pilot):
            one = codec.convert(Config, {
                "metadata": {"name": "x", "namespace": "default"},
                "spec": {"configPatches": entries(port), "priority": 1}})  # fmt: skip
            pilot.current.apply_config(ENVOY_FILTER, Change.MODIFIED, one)
            answers: dict[str, aiohttp.ClientResponse] = {}

            async def asked() -> bool:
                async with aiohttp.ClientSession(headers={"Host": "a"}) as session:
                    for path in ("/own", "/"):
                        async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                            await answer.read()
                            answers[path] = answer
                return answers["/own"].status == 203 and "x-said" in answers["/"].headers

            await until("the patches to take effect", asked)
            problems = {one.field: one for one in pilot.push.problems}
        # On the way back the filters come last first.
        assert answers["/"].headers.getall("x-said") == ["second", "between", "first", "outer"]
        assert answers["/"].headers["x-host"] == "merged" and answers["/"].status == 200
        assert [*problems] == [
            "spec.configPatches[11].patch.value", "spec.configPatches[9]",
            "spec.configPatches[10].match",
        ]  # fmt: skip
        assert "connect_timeout is -1" in problems["spec.configPatches[9]"].what

    asyncio.run(story())


def test_a_module_of_webassembly_is_among_the_filters(envoy, free_ports, until, tmp_path):
    async def story() -> None:
        file = tmp_path / "m.wasm"
        file.write_bytes(module())
        plugin = codec.convert(Config, {
            "metadata": {"name": "p", "namespace": "default"},
            "spec": {"url": f"file://{file}", "phase": "STATS"}})  # fmt: skip
        async with observed(envoy, free_ports, until, {}, plugin, kind=WASM_PLUGIN) as (port, *_):
            session = aiohttp.ClientSession(headers={"Host": "a"})
            async with session, session.get(f"http://127.0.0.1:{port}/") as answer:
                assert answer.status == 200 and answer.headers["x-wasm"] == "1"

    asyncio.run(story())
