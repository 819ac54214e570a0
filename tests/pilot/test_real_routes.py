"""What users say of requests in a VirtualService, carried out by a real Envoy on loopback."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.istio.kinds import VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from tests.pilot.certificates import pair
from tests.pilot.test_real_envoy import METADATA, NODE, running, service, slice_of

pytestmark = pytest.mark.live


def virtual_service(name: str, spec: str, created: str = "2020") -> Config:
    meta = {"name": name, "namespace": "default", "creationTimestamp": created}
    return codec.convert(Config, {"metadata": meta, "spec": yaml.safe_load(spec)})


@dataclass
class Backend:
    """A server that says who it is, and remembers what it was asked."""

    name: str
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"{self.name} heard {message.data}")
            return socket
        if request.path == "/slow":
            await asyncio.sleep(60)
        failures = int(request.headers.get("x-fail", 0))
        tried = sum(one.headers.get("x-id") == request.headers.get("x-id") for one in self.asked)
        status = 503 if tried <= failures else 200
        return web.Response(text=f"{self.name} {request.path_qs}", status=status)

    def paths(self) -> list[str]:
        return [one.path_qs for one in self.asked]


@dataclass
class Place:
    """Two services, `one` and `two`, each with its backend, and a client's Envoy before them."""

    one: Backend
    two: Backend
    port: int
    session: aiohttp.ClientSession
    stats: Callable[[], Awaitable[dict[str, int]]]

    async def get(self, path: str, *, method: str = "GET", **headers: str):
        """The answer, read: status, text and headers."""
        named = {"Host": "one"} | {name.replace("_", "-"): one for name, one in headers.items()}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(
            method, url, headers=named, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.fixture
def place(envoy, free_ports, until):
    @asynccontextmanager
    async def start(*rules: Config) -> AsyncIterator[Place]:
        port, behind = free_ports(2)
        one, two = Backend("one"), Backend("two")
        runners = [await _serve(one, "127.0.0.2", behind), await _serve(two, "127.0.0.3", behind)]
        objects = [
            service("one", port, "127.9.0.1"), slice_of("one", ("127.0.0.2", behind)),
            service("two", port, "127.9.0.2"), slice_of("two", ("127.0.0.3", behind)),
        ]  # fmt: skip
        try:
            async with running(free_ports, *objects) as world:
                for rule in rules:
                    world.pilot.current.apply_config(VIRTUAL_SERVICE, Change.MODIFIED, rule)
                async with (
                    envoy(NODE, METADATA, pilot=world.grpc) as proxy,
                    aiohttp.ClientSession() as session,
                ):
                    await until("Envoy to be live", proxy.ready)
                    here = Place(one, two, port, session, proxy.stats)

                    async def routed() -> bool:
                        return (await here.get("/ready"))[1] == "routed"

                    await until("the routes", routed)
                    yield here
                    stats = await proxy.stats()
                    assert not {name for name, value in stats.items()
                                if "update_rejected" in name and value}  # fmt: skip
        finally:
            for runner in runners:
                await runner.cleanup()

    return start


async def _serve(backend: Backend, host: str, port: int) -> web.AppRunner:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", backend.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


READY = "- {match: [{uri: {exact: /ready}}], directResponse: {status: 200, body: {string: routed}}}"


def test_requests_go_where_their_headers_weights_and_age_say(place):
    async def story() -> None:
        async with place(
            virtual_service("one", f"""
hosts: [one]
http:
{READY}
- match: [{{headers: {{end-user: {{exact: jason}}}}}}]
  route: [{{destination: {{host: two}}}}]
- match: [{{withoutHeaders: {{x-known: {{exact: "yes"}}}}, uri: {{prefix: /secret}}}}]
  directResponse: {{status: 403}}
- match: [{{uri: {{prefix: /split}}}}]
  route:
  - destination: {{host: one}}
    weight: 1
    headers: {{request: {{set: {{host: first.example}}}}}}
  - {{destination: {{host: two}}, weight: 1}}
- match: [{{uri: {{prefix: /lost}}}}]
  route: [{{destination: {{host: one, subset: v9}}}}]
- route: [{{destination: {{host: one}}}}]
"""),
            virtual_service("younger", """
hosts: [one]
http:
- {match: [{uri: {prefix: /younger}}], route: [{destination: {host: two}}]}
- {directResponse: {status: 500}}
""", "2021"),
        ) as here:
            assert (await here.get("/a", end_user="jason"))[1] == "two /a"
            assert (await here.get("/a", end_user="paul"))[1] == "one /a"
            assert (await here.get("/secret"))[0] == 403
            assert (await here.get("/secret", x_known="no"))[0] == 403
            assert (await here.get("/secret", x_known="yes"))[0] == 200
            assert (await here.get("/younger"))[1] == "two /younger"
            assert (await here.get("/lost"))[0] == 503
            seen = Counter([(await here.get("/split"))[1] for _ in range(60)])
            assert set(seen) == {"one /split", "two /split"}
            hosts = {one.headers["Host"] for one in here.one.asked if one.path == "/split"}
            assert hosts == {"first.example"}

    asyncio.run(story())


def test_requests_are_rewritten_redirected_and_answered(place):
    async def story() -> None:
        async with place(virtual_service("one", rf"""
hosts: [one]
http:
{READY}
- match: [{{uri: {{prefix: /old/}}}}]
  rewrite: {{uri: /new/, authority: other.example}}
  headers: {{request: {{set: {{x-a: b}}, remove: [x-c]}}, response: {{add: {{x-d: e}}}}}}
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{exact: /here}}}}, {{uri: {{regex: "/v[0-9]+"}}}}]
  rewrite: {{uri: /there}}
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{prefix: /books}}}}]
  rewrite: {{uriRegexRewrite: {{match: "^/books/([0-9]+)$", rewrite: '/items/\1'}}}}
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{prefix: /below}}}}]
  redirect: {{prefixRewrite: /above, authority: b.example, redirectCode: 307}}
- match: [{{uri: {{exact: /away}}}}]
  redirect: {{uri: /now, scheme: https}}
- match: [{{uri: {{exact: /port}}}}]
  redirect: {{derivePort: FROM_REQUEST_PORT, authority: c.example}}
- match: [{{uri: {{exact: /tea}}}}]
  directResponse: {{status: 418, body: {{string: short}}}}
  headers: {{response: {{set: {{content-type: text/teapot}}}}}}
""")) as here:
            status, text, headers = await here.get("/old/a?q=1", x_c="d")
            assert (status, text, headers["x-d"]) == (200, "one /new/a?q=1", "e")
            asked = here.one.asked[-1].headers
            assert (asked["Host"], asked["x-a"], "x-c" in asked) == ("other.example", "b", False)
            assert (await here.get("/here?q=1"))[1] == "one /there?q=1"
            assert (await here.get("/v12?q=1"))[1] == "one /there?q=1"
            assert (await here.get("/books/7"))[1] == "one /items/7"
            status, _, headers = await here.get("/below/x?q=1")
            assert (status, headers["location"]) == (307, "http://b.example/above/x?q=1")
            status, _, headers = await here.get("/away")
            assert (status, headers["location"]) == (301, "https://one/now")
            _, _, headers = await here.get("/port")
            assert headers["location"] == f"http://c.example:{here.port}/port"
            status, text, headers = await here.get("/tea")
            assert (status, text, headers["content-type"]) == (418, "short", "text/teapot")
            assert (await here.get("/nowhere"))[0] == 404

    asyncio.run(story())


def test_faults_timeouts_and_retries(place):
    async def story() -> None:
        async with place(virtual_service("one", f"""
hosts: [one]
http:
{READY}
- match: [{{uri: {{exact: /abort}}}}]
  fault: {{abort: {{percentage: {{value: 100}}, httpStatus: 555}}}}
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{exact: /grpc}}}}]
  fault: {{abort: {{percentage: {{value: 100}}, grpcStatus: UNAVAILABLE}}}}
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{exact: /delay}}}}]
  fault: {{delay: {{percentage: {{value: 100}}, fixedDelay: 300ms}}}}
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{exact: /slow}}}}]
  timeout: 200ms
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{prefix: /retried}}}}]
  retries: {{attempts: 3, retryOn: "503", backoff: 1ms}}
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{prefix: /never}}}}]
  retries: {{attempts: 0}}
  route: [{{destination: {{host: one}}}}]
""")) as here:
            assert (await here.get("/abort"))[0] == 555
            _, _, headers = await here.get("/grpc", content_type="application/grpc")
            assert headers["grpc-status"] == "14"
            assert here.one.paths() == []
            assert (await here.get("/delay"))[0] == 200
            delayed = [value for name, value in (await here.stats()).items()
                       if name.endswith("fault.delays_injected")]  # fmt: skip
            assert sum(delayed) == 1
            assert (await here.get("/slow"))[0] == 504
            assert (await here.get("/retried", x_id="1", x_fail="2"))[0] == 200
            assert here.one.paths().count("/retried") == 3
            assert (await here.get("/retried", x_id="2", x_fail="9"))[0] == 503
            assert here.one.paths().count("/retried") == 3 + 4
            assert (await here.get("/never", x_id="3", x_fail="1"))[0] == 503
            assert here.one.paths().count("/never") == 1

    asyncio.run(story())


def test_copies_cors_and_websockets(place, until):
    async def story() -> None:
        async with place(virtual_service("one", f"""
hosts: [one]
http:
{READY}
- match: [{{uri: {{prefix: /copied}}}}]
  mirrors: [{{destination: {{host: two}}}}]
  route: [{{destination: {{host: one}}}}]
- match: [{{uri: {{prefix: /page}}}}]
  corsPolicy:
    allowOrigins: [{{regex: "https://.*[.]example"}}]
    allowMethods: [GET, POST]
    allowHeaders: [x-one]
    exposeHeaders: [x-two]
    maxAge: 1h
    allowCredentials: true
    unmatchedPreflights: IGNORE
  route: [{{destination: {{host: one}}}}]
- timeout: 30s
  route: [{{destination: {{host: one}}}}]
""")) as here:
            assert (await here.get("/copied"))[1] == "one /copied"

            async def copied() -> bool:
                return here.two.paths() == ["/copied"]

            await until("the copy", copied)
            assert here.two.asked[0].headers["Host"] == "one-shadow"

            asks = {"method": "OPTIONS", "Access_Control_Request_Method": "GET"}
            status, _, headers = await here.get("/page", Origin="https://a.example", **asks)
            assert status == 200
            told = {name: headers[f"access-control-{name}"] for name in (
                "allow-origin", "allow-methods", "allow-headers", "max-age",
                "allow-credentials")}  # fmt: skip
            assert told == {
                "allow-origin": "https://a.example", "allow-methods": "GET,POST",
                "allow-headers": "x-one", "max-age": "3600", "allow-credentials": "true",
            }  # fmt: skip
            assert here.one.paths() == ["/copied"]  # a preflight is answered by the proxy
            status, _, headers = await here.get("/page", Origin="https://a.evil", **asks)
            assert "access-control-allow-origin" not in headers
            _, text, headers = await here.get("/page", Origin="https://b.example")
            assert (text, headers["access-control-expose-headers"]) == ("one /page", "x-two")

            async with here.session.ws_connect(
                f"http://127.0.0.1:{here.port}/chat", headers={"Host": "one"}
            ) as socket:
                await socket.send_str("hello")
                assert await socket.receive_str(timeout=10) == "one heard hello"

    asyncio.run(story())


@pytest.mark.parametrize(("match", "expected"), [
    ("", {"one", "two"}), ("match: [{destinationSubnets: [127.9.0.0/16]}], ", {"one", "two"}),
    ("match: [{sourceNamespace: elsewhere}], ", {"one"}),
])  # fmt: skip
def test_connections_are_split(envoy, free_ports, until, match, expected):
    async def story() -> None:
        port, behind = free_ports(2)
        objects = (
            service("one", port, "127.9.0.1", "tcp"),
            slice_of("one", ("127.0.0.2", behind), protocol="tcp"),
            service("two", port, "127.9.0.2", "tcp"),
            slice_of("two", ("127.0.0.3", behind), protocol="tcp"),
        )
        rule = virtual_service("one", f"""
hosts: [one]
tcp:
- {{{match}route: [
    {{destination: {{host: one}}, weight: 1}}, {{destination: {{host: two}}, weight: 1}}]}}
""")
        async with (
            running(free_ports, *objects) as world,
            await asyncio.start_server(saying(b"one"), "127.0.0.2", behind),
            await asyncio.start_server(saying(b"two"), "127.0.0.3", behind),
        ):
            world.pilot.current.apply_config(VIRTUAL_SERVICE, Change.MODIFIED, rule)
            await asyncio.sleep(0)
            async with envoy(NODE, METADATA, pilot=world.grpc) as proxy:
                await until("Envoy to be live", proxy.ready)
                found: set[str] = set()

                async def heard() -> bool:
                    reader, writer = await asyncio.open_connection("127.9.0.1", port)
                    found.add((await reader.read()).decode())
                    writer.close()
                    return found == expected

                await until("all who are meant", heard)
                for _ in range(20):
                    await heard()
                assert found == expected

    asyncio.run(story())


def saying(word: bytes):
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(word)
        await writer.drain()
        writer.close()

    return answer


def test_tls_connections_go_where_their_sni_says(envoy, free_ports, until, tmp_path):
    async def story() -> None:
        port, behind = free_ports(2)
        objects = (
            service("one", port, "127.9.0.1", "tls"),
            slice_of("one", ("127.0.0.2", behind), protocol="tls"),
            service("two", port, "127.9.0.2", "tls"),
            slice_of("two", ("127.0.0.3", behind), protocol="tls"),
        )
        rule = virtual_service("one", """
hosts: [one, "*.example"]
tls:
- {match: [{sniHosts: [a.example]}], route: [{destination: {host: two}}]}
- {match: [{sniHosts: ["*.example"]}], route: [{destination: {host: one}}]}
""")
        async with (
            running(free_ports, *objects) as world,
            await asyncio.start_server(
                saying(b"one"), "127.0.0.2", behind, ssl=identity(tmp_path, "one.example")),
            await asyncio.start_server(
                saying(b"two"), "127.0.0.3", behind, ssl=identity(tmp_path, "two.example")),
        ):  # fmt: skip
            world.pilot.current.apply_config(VIRTUAL_SERVICE, Change.MODIFIED, rule)
            async with envoy(NODE, METADATA, pilot=world.grpc) as proxy:
                await until("Envoy to be live", proxy.ready)

                async def heard(name: str) -> str:
                    client = ssl.create_default_context()
                    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
                    reader, writer = await asyncio.open_connection(
                        "127.9.0.1", port, ssl=client, server_hostname=name)
                    word = await reader.read()
                    writer.close()
                    return word.decode()

                async def routed() -> bool:
                    return await heard("a.example") == "two"

                await until("the route", routed)
                assert await heard("b.example") == "one"
                assert await heard("else.test") == "one"  # the address is the service's own

    asyncio.run(story())


def identity(folder: Path, name: str) -> ssl.SSLContext:
    made = pair(name)
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(made.chain)
    key.write_bytes(made.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context
