"""What users say in an HTTPRoute of a Service, carried out by a real Envoy on loopback."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import yaml

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.gatewayapi.kinds import HTTP_ROUTE
from telltale.kube.meta import Config
from tests.pilot.test_real_envoy import METADATA, NODE, running, service, slice_of
from tests.pilot.test_real_routes import Backend, Place, _serve

pytestmark = pytest.mark.live

RULES = """
parentRefs: [{kind: Service, group: "", name: one}]
rules:
- backendRefs: [{name: one, port: PORT}]
  matches: [{path: {value: /plain}}]
- matches: [{path: {value: /plain}, headers: [{name: who, value: jason}]}]
  backendRefs: [{name: two, port: PORT}]
- matches: [{path: {value: /plain}, queryParams: [{name: v, value: "2"}]}]
  backendRefs: [{name: two, port: PORT}]
- matches: [{path: {type: Exact, value: /plain/exact}}]
  backendRefs: [{name: two, port: PORT}]
- matches: [{path: {type: RegularExpression, value: "/re[0-9]+"}, method: POST}]
  backendRefs: [{name: two, port: PORT}]
- matches: [{path: {value: /cut}}]
  filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
  backendRefs: [{name: one, port: PORT}]
- matches: [{path: {value: /put}}]
  filters: [{type: URLRewrite, urlRewrite: {hostname: new.host, path: {type: ReplacePrefixMatch, replacePrefixMatch: /in/to}}}]
  backendRefs: [{name: one, port: PORT}]
- matches: [{path: {value: /whole}}]
  filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /other}}}]
  backendRefs: [{name: one, port: PORT}]
- matches: [{path: {value: /moved}}]
  filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: b.c, statusCode: 301, path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
- matches: [{path: {value: /edited}}]
  filters:
  - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: s}], add: [{name: x-add, value: a}], remove: [x-gone]}}
  - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-answer, value: "yes"}]}}
  backendRefs: [{name: one, port: PORT, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-share, value: one}]}}]}]
- matches: [{path: {value: /mirrored}}]
  filters: [{type: RequestMirror, requestMirror: {backendRef: {name: two, port: PORT}}}]
  backendRefs: [{name: one, port: PORT}]
- matches: [{path: {value: /cors}}]
  filters: [{type: CORS, cors: {allowOrigins: ["https://*.example.com"], allowMethods: [GET], maxAge: 30}}]
  backendRefs: [{name: one, port: PORT}]
- matches: [{path: {value: /half}}]
  backendRefs: [{name: one, port: PORT}, {name: none, port: PORT}]
- matches: [{path: {value: /none}}]
  backendRefs: [{name: none, port: PORT}]
- matches: [{path: {value: /odd}}]
  filters: [{type: ExtensionRef, extensionRef: {group: x.y, kind: Z, name: z}}]
  backendRefs: [{name: one, port: PORT}]
- matches: [{path: {value: /slow}}]
  timeouts: {request: 100ms}
  backendRefs: [{name: one, port: PORT}]
- matches: [{path: {value: /tried}}]
  retry: {codes: [503], attempts: 2, backoff: 25ms}
  backendRefs: [{name: one, port: PORT}]
"""  # noqa: E501


@pytest.fixture
def place(envoy, free_ports, until):
    @asynccontextmanager
    async def start(spec: str) -> AsyncIterator[Place]:
        port, behind = free_ports(2)
        one, two = Backend("one"), Backend("two")
        runners = [await _serve(one, "127.0.0.2", behind), await _serve(two, "127.0.0.3", behind)]
        objects = [
            service("one", port, "127.9.0.1"), slice_of("one", ("127.0.0.2", behind)),
            service("two", port, "127.9.0.2"), slice_of("two", ("127.0.0.3", behind)),
        ]  # fmt: skip
        route = codec.convert(Config, {
            "metadata": {"name": "r", "namespace": "default"},
            "spec": yaml.safe_load(spec.replace("PORT", str(port))),
        })  # fmt: skip
        try:
            async with running(free_ports, *objects) as world:
                world.pilot.current.apply_config(HTTP_ROUTE, Change.MODIFIED, route)
                async with (
                    envoy(NODE, METADATA, pilot=world.grpc) as proxy,
                    aiohttp.ClientSession() as session,
                ):
                    await until("Envoy to be live", proxy.ready)
                    here = Place(one, two, port, session, proxy.stats)

                    async def routed() -> bool:
                        return (await here.get("/nowhere"))[0] == 404

                    await until("the routes", routed)
                    yield here
                    stats = await proxy.stats()
                    assert not {name for name, value in stats.items()
                                if "update_rejected" in name and value}  # fmt: skip
        finally:
            for runner in runners:
                await runner.cleanup()

    return start


def test_an_httproute_of_a_service_is_carried_out(place, until):
    async def story() -> None:
        async with place(RULES) as here:
            await matches(here)
            await paths(here)
            await edits(here)
            await failures(here)
            await patience(here)

            async def copied() -> bool:
                return "/mirrored/1" in here.two.paths()

            assert (await here.get("/mirrored/1"))[1] == "one /mirrored/1"
            await until("the copy", copied)

    asyncio.run(story())


async def matches(here: Place) -> None:
    """The most specific one is taken, wherever it is written."""
    assert (await here.get("/plain"))[1] == "one /plain"
    assert (await here.get("/plain/x", who="jason"))[1] == "two /plain/x"
    assert (await here.get("/plain?v=2"))[1] == "two /plain?v=2"
    assert (await here.get("/plain/exact"))[1] == "two /plain/exact"
    assert (await here.get("/re12", method="POST"))[1] == "two /re12"
    for path in ("/plainly", "/re12", "/"):  # whole segments; another method; nothing at all
        assert (await here.get(path))[0] == 404, path


async def paths(here: Place) -> None:
    for given, asked in (("/cut", "/"), ("/cut/a/b?c=d", "/a/b?c=d"), ("/put", "/in/to"),
                         ("/put/x", "/in/to/x"), ("/whole/x?y=z", "/other?y=z")):  # fmt: skip
        assert (await here.get(given))[1] == f"one {asked}", given
    assert here.one.asked[-2].headers["host"] == "new.host"
    status, _, headers = await here.get("/moved/x")
    assert (status, headers["location"]) == (301, "https://b.c/x")


async def edits(here: Place) -> None:
    _, _, headers = await here.get("/edited", x_gone="1", x_add="0")
    asked = here.one.asked[-1].headers
    assert (asked["x-set"], asked["x-share"], "x-gone" in asked) == ("s", "one", False)
    assert asked.getall("x-add") == ["0", "a"] or asked["x-add"] == "0,a"
    assert headers["x-answer"] == "yes"
    ask = {"Access-Control-Request-Method": "GET", "Origin": "https://a.example.com"}
    status, _, headers = await here.get("/cors", method="OPTIONS", **ask)
    assert (status, headers["access-control-max-age"]) == (200, "30")
    assert headers["access-control-allow-origin"] == "https://a.example.com"


async def failures(here: Place) -> None:
    """What cannot be served is answered with 500: all of it, or its share."""
    assert (await here.get("/none"))[0] == 500
    assert (await here.get("/odd"))[0] == 500
    found = Counter([(await here.get("/half"))[0] for _ in range(200)])
    assert set(found) == {200, 500}
    assert 60 < found[500] < 140  # more than five standard deviations either way


async def patience(here: Place) -> None:
    assert (await here.get("/slow"))[0] == 504
    assert (await here.get("/tried", x_fail="2", x_id="a"))[0] == 200
    assert (await here.get("/tried", x_fail="3", x_id="b"))[0] == 503
    assert sum(one.headers.get("x-id") == "b" for one in here.one.asked) == 3
