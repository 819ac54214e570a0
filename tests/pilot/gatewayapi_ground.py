"""A Gateway of the Gateway API on loopback: the pilot, a real Envoy for it, and servers behind.

Objects are fed as YAML. A listener's port is that of the Gateway's Service; the proxy's own are
free ports of this machine (`Edge.ports`). `one` and `two` say who they are and remember what they
were asked; `grpc` tells the call that came, `tls` is spoken to in TLS, `tcp` greets; `moody`
answers a connection, or hangs up on it, as `Edge.moods` say.
"""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import grpc
from aiohttp import web

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.cluster import ConfigMap, Secret
from telltale.kube.core import Pod
from telltale.kube.gatewayapi.kinds import DEFINITIONS
from telltale.kube.istio.kinds import SERVICE_ENTRY
from telltale.kube.meta import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import SystemClock, SystemIds
from telltale.pilot.intake.gatewayapi.read import NAMESPACES
from telltale.pilot.intake.status import About
from telltale.pilot.run import Pilot, PilotSettings, serve
from tests.pilot.certificates import Pair, pair
from tests.pilot.conftest import until
from tests.pilot.test_real_routes import Backend

KINDS = {one.kind.kind: one.kind for one in DEFINITIONS} | {
    "Namespace": NAMESPACES, "ServiceEntry": SERVICE_ENTRY,
}  # fmt: skip
NODE = "router~127.0.0.1~edge-0.edge~edge.svc.cluster.local"
METADATA = {"NAMESPACE": "edge", "NAME": "edge-0", "LABELS": {"app": "gw"}}


@dataclass
class Edge:
    """`said` gives an object's conditions: type to status and reason."""

    pilot: Pilot
    session: aiohttp.ClientSession
    folder: Path
    ports: dict[int, int] = field(default_factory=dict)
    one: Backend = field(default_factory=lambda: Backend("one"))
    two: Backend = field(default_factory=lambda: Backend("two"))
    moods: list[bool] = field(default_factory=list)
    authority: Pair = field(default_factory=lambda: pair("authority"))

    def apply(self, text: str, change: Change = Change.MODIFIED) -> None:
        for one in codec.parse_yaml(text):
            meta = {"namespace": "edge", "generation": 1, **dict(one["metadata"])}  # type: ignore[call-overload]
            made = {**one, "metadata": meta}
            current = self.pilot.current
            match one["kind"]:
                case "Service":
                    current.apply_service(change, codec.convert(Service, made))
                case "Pod":
                    current.apply_pod(change, codec.convert(Pod, made))
                case "EndpointSlice":
                    current.apply_slice(change, codec.convert(EndpointSlice, made))
                case "Secret":
                    current.apply_secret(change, codec.convert(Secret, made))
                case "ConfigMap":
                    current.apply_text(change, codec.convert(ConfigMap, made))
                case kind:
                    current.apply_config(KINDS[kind], change, codec.convert(Config, made))

    def backend(self, name: str, address: str, port: int, **more: str) -> None:
        """A Service on port 80 whose one endpoint is at an address of loopback."""
        said = "".join(f", {key}: {value}" for key, value in more.items())
        here = f"namespace: {'shop' if name.startswith('far') else 'edge'}"
        self.apply(f"""
kind: Service
metadata: {{name: {name}, {here}}}
spec: {{clusterIP: 127.9.1.{port % 250}, ports: [{{name: p, port: 80{said}}}]}}
---
kind: EndpointSlice
metadata: {{name: {name}-1, {here}, labels: {{kubernetes.io/service-name: {name}}}}}
ports: [{{name: p, port: {port}, protocol: TCP}}]
endpoints: [{{addresses: [{address}], conditions: {{ready: true}}}}]
""")

    def secret(self, name: str, of: Pair) -> None:
        data = {key: base64.b64encode(one).decode()
                for key, one in (("tls.crt", of.chain), ("tls.key", of.key))}  # fmt: skip
        self.apply(codec.encode({
            "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls", "data": data,
        }).decode())  # fmt: skip

    def said(self, kind: str, name: str, namespace: str = "edge", listener: str = "") -> dict:
        status = self.pilot.push.said[About(KINDS[kind], namespace, name)]
        [found, *_] = status.get("parents") or status.get("ancestors") or [status]
        if listener:
            [found] = [one for one in status["listeners"] if one["name"] == listener]
        assert {one["observedGeneration"] for one in found["conditions"]} == {1}
        return {one["type"]: (one["status"], one["reason"]) for one in found["conditions"]}

    async def ask(
        self, host: str, path: str = "/", *, at: int = 80, method: str = "GET", **headers: str
    ) -> tuple[int, str, aiohttp.typedefs.LooseHeaders]:
        """Status, text and headers of an answer."""
        named = {"Host": host} | {name.replace("_", "-"): one for name, one in headers.items()}
        url = f"http://127.0.0.1:{self.ports[at]}{path}"
        async with self.session.request(
            method, url, headers=named, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers

    async def sealed(
        self, host: str, *, at: int, sni: str = "", own: Pair | None = None
    ) -> tuple[int, str]:
        """The same by TLS, whoever shows whatever; 0 where no connection is had."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if own:
            file = self.folder / "own.pem"
            file.write_bytes(own.chain + own.key)
            context.load_cert_chain(file)
        connector = aiohttp.TCPConnector(force_close=True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector) as alone,
                alone.get(f"https://127.0.0.1:{self.ports[at]}/", headers={"Host": host},
                          ssl=context, server_hostname=sni or host) as answer,
            ):  # fmt: skip
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def call(self, host: str, method: str, **metadata: str) -> tuple[str, str]:
        """A gRPC call's status, and what the server told of it."""
        options = [("grpc.default_authority", host)]
        async with grpc.aio.insecure_channel(
            f"127.0.0.1:{self.ports[80]}", options=options
        ) as channel:
            try:
                given = tuple(metadata.items())
                found = await channel.unary_unary(method)(b"", metadata=given, timeout=5)
            except grpc.aio.AioRpcError as error:
                return error.code().name, ""
            return "OK", found.decode()


@asynccontextmanager
async def edge(free_ports, envoy, folder: Path, ports: tuple[int, ...], text: str):
    """A Gateway's proxy with what `text` says; `ports` are those that its Service has."""
    grpc_port, monitoring, http, behind, sealed, plain, called = free_ports(7)
    settings = PilotSettings("127.0.0.1", grpc_port, monitoring, http, grace_s=0.2)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        found = Edge(Pilot(settings, SystemClock(), SystemIds()), session, folder)
        found.ports = dict(zip(ports, free_ports(len(ports)), strict=True))
        for one, address in ((found.one, "127.0.0.2"), (found.two, "127.0.0.3")):
            await stack.enter_async_context(_web(one, address, behind))
            found.backend(one.name, address, behind, appProtocol="kubernetes.io/ws")
            found.backend(f"far-{one.name}", address, behind)
        await _servers(stack, found, (sealed, plain, called))
        entries = ", ".join(
            f"{{name: p-{one}, port: {one}, targetPort: {own}}}" for one, own in found.ports.items()
        )
        found.apply(f"""
kind: Pod
metadata: {{name: edge-0, labels: {{app: gw}}}}
spec: {{containers: [{{name: istio-proxy}}]}}
status: {{podIP: 127.0.0.1, phase: Running}}
---
kind: Service
metadata: {{name: gw-istio}}
spec: {{clusterIP: 127.9.0.1, selector: {{app: gw}}, ports: [{entries}]}}
""")
        found.apply(text)
        found.pilot.begin()
        await stack.enter_async_context(serve(found.pilot, lambda: True))
        proxy = await stack.enter_async_context(envoy(NODE, METADATA, pilot=grpc_port))
        await until("Envoy to be live", proxy.ready)
        yield found
        stats = await proxy.stats()
        assert not {name for name, value in stats.items() if "update_rejected" in name and value}


async def _servers(stack: AsyncExitStack, found: Edge, at: tuple[int, int, int]) -> None:
    sealed, plain, called = at
    own = pair("tls.example", found.authority)
    file = found.folder / "server.pem"
    file.write_bytes(own.chain + own.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    await stack.enter_async_context(_web(Backend("tls"), "127.0.0.4", sealed, context))
    for name in ("tls", "passed", "wrong"):
        found.backend(name, "127.0.0.4", sealed, appProtocol="https" if name == "tls" else "tls")

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello from tcp\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.5", plain)
    await stack.enter_async_context(server)
    found.backend("tcp", "127.0.0.5", plain, appProtocol="tcp")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if found.moods.pop(0):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 7\r\n\r\n")
            writer.write(b"at last")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.7", plain)
    await stack.enter_async_context(server)
    found.backend("moody", "127.0.0.7", plain, appProtocol="http")
    answering = grpc.aio.server()
    answering.add_generic_rpc_handlers((_Telling(),))
    answering.add_insecure_port(f"127.0.0.6:{called}")
    await answering.start()
    stack.push_async_callback(answering.stop, 0)
    found.backend("grpc", "127.0.0.6", called, appProtocol="kubernetes.io/h2c")


class _Telling(grpc.GenericRpcHandler):
    """Any method: tells which it was, and what was said with it."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        said = {key: value for key, value in details.invocation_metadata if key.startswith("x-")}

        async def tell(_: bytes, context: grpc.aio.ServicerContext) -> bytes:
            return f"{details.method} {said.get('x-set', '')}".strip().encode()

        return grpc.unary_unary_rpc_method_handler(tell)


@asynccontextmanager
async def _web(
    backend: Backend, host: str, port: int, context: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", backend.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=context).start()
        yield
    finally:
        await runner.cleanup()
