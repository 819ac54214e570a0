"""The features of the Gateway API for a mesh (GAMMA), each carried out by a real Envoy on loopback.

The client stands in the namespace `default`, where the Service `one` is; `far` is of another.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import pytest
import yaml

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.gatewayapi.kinds import HTTP_ROUTE
from telltale.kube.istio.kinds import SERVICE_ENTRY
from telltale.kube.meta import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.pilot.intake.gatewayapi.classes import FEATURES
from tests.pilot.test_real_envoy import METADATA, NODE, running
from tests.pilot.test_real_routes import Backend, _serve

pytestmark = pytest.mark.live
RULES: list[str] = []
CHECKS: dict[str, Callable[["Client"], Awaitable[None]]] = {}


@dataclass
class Client:
    port: int
    session: aiohttp.ClientSession
    one: Backend
    names: set[str]

    async def ask(self, path: str, host: str = "one") -> tuple[int, str, str]:
        """Status, text and location of an answer."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.get(url, headers={"Host": host}, allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers.get("location", "")


def feature(*names: str, rules: str = ""):
    """What shows that these features work, with these rules of `one`."""

    def take(check: Callable[[Client], Awaitable[None]]):
        CHECKS.update(dict.fromkeys(names, check))
        RULES.extend([rules] if rules else [])
        return check

    return take


TO_ONE, TO_TWO = (f"backendRefs: [{{name: {name}, port: PORT}}]" for name in ("one", "two"))


def filtered(path: str, kind: str, more: str) -> str:
    field = kind.replace("URL", "url").replace("RequestR", "requestR")
    return (f"{{matches: [{{path: {{value: {path}}}}}], filters: [{{type: {kind}, {field}: "
            f"{{{more}}}}}]")  # fmt: skip


@feature("Mesh", "MeshHTTPRouteQueryParamMatching", "MeshHTTPRouteNamedRouteRule",
         rules=f"{{name: first, {TO_ONE}}}, {{matches: [{{queryParams: [{{name: a, value: b}}]}}], "
               f"{TO_TWO}}}")
async def matching(at: Client) -> None:
    assert (await at.ask("/"))[1] == "one /"
    assert (await at.ask("/?a=b"))[1] == "two /?a=b"
    assert "default.one.first" in at.names


@feature("MeshClusterIPMatching")
async def by_address(at: Client) -> None:
    """Whoever dials the Service's address is routed like who uses its name."""
    assert (await at.ask("/?a=b", "127.9.0.1"))[1] == "two /?a=b"


@feature("MeshHTTPRouteRewritePath", rules=filtered(
    "/cut", "URLRewrite", "path: {type: ReplacePrefixMatch, replacePrefixMatch: /in}"
) + f", {TO_ONE}}}")
async def rewritten(at: Client) -> None:
    assert (await at.ask("/cut/a"))[1] == "one /in/a"


@feature("MeshHTTPRouteSchemeRedirect", "MeshHTTPRouteRedirectPort", "MeshHTTPRouteRedirectPath",
         rules=", ".join((
             filtered("/scheme", "RequestRedirect", "scheme: https, hostname: h.x") + "}",
             filtered("/port", "RequestRedirect", "port: 8083, hostname: h.x") + "}",
             filtered("/path", "RequestRedirect", "hostname: h.x, port: 8083, path: "
                      "{type: ReplaceFullPath, replaceFullPath: /new}") + "}",
         )))  # fmt: skip
async def moved(at: Client) -> None:
    for path, to in (("/scheme", "https://h.x/scheme"), ("/port", "http://h.x:8083/port"),
                     ("/path", "http://h.x:8083/new")):  # fmt: skip
        assert (await at.ask(path))[::2] == (302, to)


@feature("MeshHTTPRouteBackendRequestHeaderModification",
         rules="{matches: [{path: {value: /told}}], backendRefs: [{name: one, port: PORT, filters: "
               "[{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, "
               "value: s}]}}]}]}")
async def told(at: Client) -> None:
    assert (await at.ask("/told"))[0] == 200
    assert at.one.asked[-1].headers["x-set"] == "s"


@feature("MeshConsumerRoute")
async def of_another_namespace(at: Client) -> None:
    """A route in the client's namespace for a Service of another's; and one that is not for it."""
    assert (await at.ask("/mine", "far.shop"))[1] == "two /mine"
    assert (await at.ask("/", "far.shop"))[0] == 404
    assert (await at.ask("/others", "far.shop"))[0] == 404


def service(name: str, port: int, address: str, namespace: str = "default") -> Service:
    return codec.convert(Service, {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": address, "ports": [{"name": "http", "port": port}]},
    })  # fmt: skip


def slice_of(name: str, host: str, port: int, namespace: str = "default") -> EndpointSlice:
    return codec.convert(EndpointSlice, {
        "metadata": {"name": f"{name}-1", "namespace": namespace,
                     "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [host], "conditions": {"ready": True}}],
    })  # fmt: skip


def route(name: str, parent: str, rules: str, namespace: str = "default") -> Config:
    spec = f"{{parentRefs: [{parent}], rules: [{rules}]}}"
    meta = {"name": name, "namespace": namespace}
    return codec.convert(Config, {"metadata": meta, "spec": yaml.safe_load(spec)})


def routes(port: int) -> list[Config]:
    rules, far = ", ".join(RULES), "{kind: Service, group: '', name: far, namespace: shop}"
    return [
        route("one", "{kind: Service, group: '', name: one}", rules.replace("PORT", str(port))),
        route("far", far, f"{{matches: [{{path: {{value: /mine}}}}], {TO_TWO}}}"
              .replace("PORT", str(port))),
        route("far", far, f"{{matches: [{{path: {{value: /others}}}}], {TO_TWO}}}"
              .replace("PORT", str(port)), "elsewhere"),
        route("entry", "{group: networking.istio.io, kind: ServiceEntry, name: api}",
              "{backendRefs: [{group: networking.istio.io, kind: Hostname, name: "
              f"api.example.com, port: {port}}}]}}, {{matches: [{{path: {{value: /two}}}}], "
              f"{TO_TWO}}}".replace("PORT", str(port))),
    ]  # fmt: skip


def entry(port: int, behind: int) -> Config:
    spec = (f"{{hosts: [api.example.com], resolution: STATIC, ports: [{{number: {port}, name: "
            f"http, protocol: HTTP, targetPort: {behind}}}], endpoints: [{{address: 127.0.0.2}}]}}")
    return codec.convert(Config, {
        "metadata": {"name": "api", "namespace": "default"}, "spec": yaml.safe_load(spec),
    })  # fmt: skip


def test_every_feature_that_is_claimed_works_in_the_mesh(envoy, free_ports, until):
    async def story() -> None:
        port, behind = free_ports(2)
        one, two = Backend("one"), Backend("two")
        runners = [await _serve(one, "127.0.0.2", behind), await _serve(two, "127.0.0.3", behind)]
        known = [
            service("one", port, "127.9.0.1"), slice_of("one", "127.0.0.2", behind),
            service("two", port, "127.9.0.2"), slice_of("two", "127.0.0.3", behind),
            service("far", port, "127.9.0.3", "shop"), slice_of("far", "127.0.0.2", behind, "shop"),
        ]  # fmt: skip
        try:
            async with running(free_ports, *known) as world:
                current = world.pilot.current
                current.apply_config(SERVICE_ENTRY, Change.MODIFIED, entry(port, behind))
                for given in routes(port):
                    current.apply_config(HTTP_ROUTE, Change.MODIFIED, given)
                async with (
                    envoy(NODE, METADATA, pilot=world.grpc) as proxy,
                    aiohttp.ClientSession() as session,
                ):
                    await until("Envoy to be live", proxy.ready)
                    at = Client(port, session, one, set())

                    async def routed() -> bool:
                        return (await at.ask("/?a=b"))[1] == "two /?a=b"

                    await until("the routes", routed)
                    at.names = {
                        rule.name for each in world.pilot.push.mesh.routings for rule in each.http
                    }
                    for check in dict.fromkeys(CHECKS.values()):
                        await check(at)
                    assert (await at.ask("/", "api.example.com"))[1] == "one /"
                    assert (await at.ask("/two", "api.example.com"))[1] == "two /two"
        finally:
            for runner in runners:
                await runner.cleanup()

    asyncio.run(story())


def test_nothing_is_claimed_without_a_check():
    assert {one for one in FEATURES if one.startswith("Mesh")} == set(CHECKS)
