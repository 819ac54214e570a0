"""The pilot and a real Envoy as a gateway, on loopback: objects are fed by hand.

The gateway's pod has the address from which that Envoy comes, 127.0.0.1, so it is believed.
"""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from telltale.kube import codec
from telltale.kube.client import Change
from telltale.kube.cluster import Secret
from telltale.kube.core import Pod
from telltale.kube.istio.kinds import DESTINATION_RULE, GATEWAY, VIRTUAL_SERVICE
from telltale.kube.istio.message import Config
from telltale.kube.service import EndpointSlice, Service
from telltale.lib.clock import SystemClock, SystemIds
from telltale.pilot.run import Pilot, PilotSettings, serve
from tests.pilot.certificates import Pair, pair

pytestmark = pytest.mark.live
NODE = "router~127.0.0.1~edge-0.edge~edge.svc.cluster.local"
CONFIGS = (DESTINATION_RULE, GATEWAY, VIRTUAL_SERVICE)
METADATA = {"NAMESPACE": "edge", "NAME": "edge-0", "LABELS": {"istio": "edge"}}


@dataclass
class World:
    pilot: Pilot
    grpc: int

    def feed(self, kind: str, name: str, change: Change = Change.MODIFIED, **rest) -> None:
        """An object of the namespace `edge`, as the API server would give it."""
        made = {"metadata": {"name": name, "namespace": "edge", **rest.pop("metadata", {})}, **rest}
        current = self.pilot.current
        match kind:
            case "Service":
                current.apply_service(change, codec.convert(Service, made))
            case "EndpointSlice":
                current.apply_slice(change, codec.convert(EndpointSlice, made))
            case "Pod":
                current.apply_pod(change, codec.convert(Pod, made))
            case "Secret":
                current.apply_secret(change, codec.convert(Secret, made))
            case _:
                [of] = [one for one in CONFIGS if one.kind == kind]
                current.apply_config(of, change, codec.convert(Config, made))

    def feed_backend(self, name: str, behind: int, *, protocol: str = "http") -> None:
        labels = {"kubernetes.io/service-name": name}
        self.feed("Service", name, spec={
            "clusterIP": f"127.9.0.{len(name)}", "ports": [{"name": protocol, "port": 80}]})
        self.feed("EndpointSlice", name, metadata={"labels": labels},
                  ports=[{"name": protocol, "port": behind, "protocol": "TCP"}],
                  endpoints=[{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}])

    def feed_secret(self, name: str, of: Pair, authorities: Pair | None = None) -> None:
        plain = {"tls.crt": of.chain, "tls.key": of.key}
        if authorities:
            plain["ca.crt"] = authorities.chain
        data = {key: base64.b64encode(one).decode() for key, one in plain.items()}
        self.feed("Secret", name, type="kubernetes.io/tls", data=data)

    def feed_gateway(self, *servers: dict, name: str = "edge") -> None:
        bound = [{"bind": "127.0.0.1", **one} for one in servers]
        self.feed("Gateway", name, spec={"selector": {"istio": "edge"}, "servers": bound})

    def feed_route(self, name: str, host: str, backend: str) -> None:
        route = {"route": [{"destination": {"host": backend}}]}
        self.feed("VirtualService", name, spec={
            "hosts": [host], "gateways": ["edge"], "http": [route]})


def plain(port: int, *hosts: str, **more) -> dict:
    name = f"http-{hosts[0].replace('.', '-').replace('*', 'any')}"
    return {"port": {"number": port, "protocol": "HTTP", "name": name}, "hosts": [*hosts], **more}


def sealed(port: int, host: str, protocol: str = "HTTPS", **tls) -> dict:
    name = f"tls-{host.replace('.', '-').replace('*', 'any')}"
    return {"port": {"number": port, "protocol": protocol, "name": name}, "hosts": [host],
            "tls": tls}  # fmt: skip


@asynccontextmanager
async def running(free_ports, *, pod: str = "127.0.0.1") -> AsyncIterator[World]:
    grpc, monitoring, http = free_ports(3)
    settings = PilotSettings("127.0.0.1", grpc, monitoring, http, grace_s=0.2)
    world = World(Pilot(settings, SystemClock(), SystemIds()), grpc)
    world.feed("Pod", "edge-0", metadata={"labels": {"istio": "edge"}},
               spec={"containers": [{"name": "istio-proxy"}]},
               status={"podIP": pod, "phase": "Running"})  # fmt: skip
    world.pilot.begin()
    async with serve(world.pilot, lambda: True):
        yield world


@asynccontextmanager
async def backend(port: int, says: str, context: ssl.SSLContext | None = None) -> AsyncIterator:
    """Answers with its name, and who it was told that the client is."""

    async def answer(request: web.Request) -> web.Response:
        shown = request.headers.get("x-forwarded-client-cert", "")
        address = request.headers.get("x-envoy-external-address", "")
        return web.Response(text=f"{says} {shown} {address}".strip())

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def ask(
    port: int, host: str, tls: ssl.SSLContext | None = None, path: str = "/", extra: str = ""
) -> tuple[int, dict[str, str], str]:
    """One request on a connection of its own; status 0 where the connection was not had."""
    try:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=tls, server_hostname=host if tls else None
        )
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{extra}Connection: close\r\n\r\n"
        writer.write(head.encode())
        answer = (await reader.read()).decode()
        writer.close()
    except OSError:
        return 0, {}, ""
    top, _, body = answer.partition("\r\n\r\n")
    if not top:
        return 0, {}, ""
    status, *lines = top.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in lines)}  # fmt: skip
    return int(status.split()[1]), headers, body


def trusting(authority: Pair, tmp_path: Path, own: Pair | None = None) -> ssl.SSLContext:
    """A client that takes an authority's certificates, and shows one of its own."""
    context = ssl.create_default_context(cadata=authority.chain.decode())
    if own:
        file = tmp_path / "client.pem"
        file.write_bytes(own.chain + own.key)
        context.load_cert_chain(file)
    return context


def answers(port: int, host: str, wanted: tuple[int, str], tls: ssl.SSLContext | None = None):
    async def check() -> bool:
        status, _, body = await ask(port, host, tls)
        return status == wanted[0] and wanted[1] in body

    return check


def test_hosts_are_told_apart_and_one_is_sent_to_https(envoy, free_ports, until):
    async def story() -> None:
        edge, one, two = free_ports(3)
        async with (
            backend(one, "one"), backend(two, "two"), running(free_ports) as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            world.feed_backend("a", one)
            world.feed_backend("bb", two)
            redirected = plain(edge, "safe.example", tls={"httpsRedirect": True})
            world.feed_gateway(plain(edge, "*.example"), redirected)
            world.feed_route("one", "one.example", "a")
            world.feed_route("two", "two.example", "bb")
            await until("the first host", answers(edge, "one.example", (200, "one")))
            await until("the second host", answers(edge, "two.example", (200, "two")))
            assert (await ask(edge, "other.example"))[0] == 404
            assert (await ask(edge, "one.elsewhere"))[0] == 404
            status, headers, _ = await ask(edge, "safe.example", path="/a?b=c")
            assert (status, headers["location"]) == (301, "https://safe.example/a?b=c")
            assert headers["server"] == "istio-envoy"
            forged = "X-Forwarded-Client-Cert: By=me\r\n"
            assert "By=me" not in (await ask(edge, "one.example", extra=forged))[2]

    asyncio.run(story())


def test_tls_is_opened_with_a_secret_and_a_new_one_changes_no_listener(
    envoy, free_ports, until, tmp_path
):
    async def story() -> None:
        edge, behind = free_ports(2)
        old, new = pair("shop.example"), pair("shop.example")
        async with (
            backend(behind, "shop"), running(free_ports) as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            world.feed_backend("shop", behind)
            world.feed_secret("cert", old)
            lost = sealed(edge, "lost.example", mode="SIMPLE", credentialName="lost")
            broken = sealed(edge, "broken.example", mode="SIMPLE", credentialName="broken")
            world.feed("Secret", "broken", data={"tls.crt": "eA==", "tls.key": "eA=="})
            good = sealed(edge, "shop.example", mode="SIMPLE", credentialName="cert")
            world.feed_gateway(lost, broken, good)
            world.feed_route("shop", "*", "shop")
            by_old, by_new = trusting(old, tmp_path), trusting(new, tmp_path)
            await until("TLS with the Secret",
                        answers(edge, "shop.example", (200, "shop"), by_old))  # fmt: skip
            assert (await ask(edge, "lost.example", by_old))[0] == 0
            told = [str(one) for one in world.pilot.push.problems]
            assert any("Secret edge/lost: is not there" in one for one in told)
            assert any("edge/broken: tls.crt is not a certificate" in one for one in told)

            before = await proxy.stats()
            world.feed_secret("cert", new)
            await until("the new certificate",
                        answers(edge, "shop.example", (200, "shop"), by_new))  # fmt: skip
            assert (await ask(edge, "shop.example", by_old))[0] == 0
            after = await proxy.stats()
            for name in ("lds.update_success", "listener_modified", "listener_in_place_updated"):
                name = f"listener_manager.{name}"
                assert after.get(name) == before.get(name), name
            assert not {name: value for name, value in after.items()
                        if "update_rejected" in name and value}  # fmt: skip
            world.feed_secret("lost", pair("lost.example"))
            await until("the lost one's chain", answers_tls(edge, "lost.example"))

    asyncio.run(story())


def answers_tls(port: int, host: str):
    """Whether TLS for a name is opened at all, whoever signed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    async def check() -> bool:
        return (await ask(port, host, context))[0] != 0

    return check


def test_clients_without_a_good_certificate_stay_outside(envoy, free_ports, until, tmp_path):
    async def story() -> None:
        edge, behind = free_ports(2)
        server, authority = pair("shop.example"), pair("authority.example")
        client, stranger = pair("client.example", authority), pair("stranger.example")
        async with (
            backend(behind, "shop"), running(free_ports) as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            world.feed_backend("shop", behind)
            world.feed_secret("cert", server, authority)
            world.feed_gateway(sealed(edge, "shop.example", mode="MUTUAL", credentialName="cert"))
            world.feed_route("shop", "*", "shop")
            known = trusting(server, tmp_path, client)
            await until("mutual TLS", answers(edge, "shop.example", (200, "shop"), known))
            body = (await ask(edge, "shop.example", known))[2]
            assert 'Subject="CN=client.example"' in body
            assert (await ask(edge, "shop.example", trusting(server, tmp_path)))[0] == 0
            unknown = trusting(server, tmp_path, stranger)
            assert (await ask(edge, "shop.example", unknown))[0] == 0

    asyncio.run(story())


def test_a_proxy_that_comes_from_elsewhere_gets_no_certificate(envoy, free_ports, until):
    """It says that it is the pod, and its address is another's: plain text is all that it has."""

    async def story() -> None:
        edge, other, behind = free_ports(3)
        async with (
            backend(behind, "shop"), running(free_ports, pod="127.0.0.7") as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            world.feed_backend("shop", behind)
            world.feed_secret("cert", pair("shop.example"))
            world.feed_gateway(
                sealed(edge, "shop.example", mode="SIMPLE", credentialName="cert"),
                plain(other, "shop.example"),
            )
            world.feed_route("shop", "*", "shop")
            await until("plain text", answers(other, "shop.example", (200, "shop")))
            assert await proxy.listening() == {f"127.0.0.1_{other}"}

    asyncio.run(story())


def context_of(own: Pair, tmp_path: Path) -> ssl.SSLContext:
    """A server that shows a certificate."""
    file = tmp_path / f"{own.certificate.serial_number}.pem"
    file.write_bytes(own.chain + own.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_tls_passes_unopened_to_whom_its_sni_names_and_bytes_by_port(
    envoy, free_ports, until, tmp_path
):
    """Beside both, on the same port, a name whose TLS ends at the gateway."""

    async def story() -> None:
        edge, tcp, one, two, raw = free_ports(5)
        first, second, own = (pair(f"{name}.example") for name in ("one", "two", "own"))
        async with (
            backend(one, "one", context_of(first, tmp_path)),
            backend(two, "two", context_of(second, tmp_path)),
            backend(raw, "raw"),
            running(free_ports) as world,
            envoy(NODE, METADATA, pilot=world.grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            for name, behind in (("a", one), ("bb", two), ("ccc", raw)):
                world.feed_backend(name, behind, protocol="tcp")
            world.feed_secret("cert", own)
            passing = sealed(edge, "*.example", "TLS", mode="PASSTHROUGH")
            opening = sealed(edge, "own.example", mode="SIMPLE", credentialName="cert")
            bytes_ = {"port": {"number": tcp, "protocol": "TCP", "name": "tcp"}, "hosts": ["*"]}
            world.feed_gateway(passing, opening, bytes_)
            world.feed_route("own", "own.example", "ccc")
            tls = [
                {"match": [{"sniHosts": [host], "port": edge}],
                 "route": [{"destination": {"host": to}}]}
                for host, to in (("one.example", "a"), ("two.example", "bb"))
            ]  # fmt: skip
            by_port = {"match": [{"port": tcp}], "route": [{"destination": {"host": "ccc"}}]}
            world.feed("VirtualService", "bytes", spec={
                "hosts": ["*.example"], "gateways": ["edge"], "tls": tls, "tcp": [by_port]})
            await until("the first name", answers(
                edge, "one.example", (200, "one"), trusting(first, tmp_path)))
            await until("the second name", answers(
                edge, "two.example", (200, "two"), trusting(second, tmp_path)))
            await until("the name that is opened", answers(
                edge, "own.example", (200, "raw"), trusting(own, tmp_path)))
            await until("bytes by port", answers(tcp, "anything", (200, "raw")))
            assert (await ask(edge, "three.example", trusting(first, tmp_path)))[0] == 0

    asyncio.run(story())


def test_a_gateway_begins_tls_with_the_authorities_of_a_secret(
    envoy, free_ports, until, tmp_path
):
    """Without the Secret nothing is sent at all; with another authority's the server is refused."""

    async def story() -> None:
        edge, behind = free_ports(2)
        server, other = pair("secure.example"), pair("secure.example")
        async with (
            backend(behind, "secure", context_of(server, tmp_path)),
            running(free_ports) as world, envoy(NODE, METADATA, pilot=world.grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            world.feed_backend("a", behind)
            tls = {"mode": "SIMPLE", "credentialName": "known", "sni": "secure.example",
                   "subjectAltNames": ["secure.example"]}
            world.feed("DestinationRule", "a", spec={"host": "a", "trafficPolicy": {"tls": tls}})
            world.feed_gateway(plain(edge, "*"))
            world.feed_route("all", "*", "a")
            await until("the route", answers(edge, "x.example", (503, "")))
            world.feed_secret("known", other, other)
            name = "cluster.outbound|80||a.edge.svc.cluster.local;.ssl.fail_verify_error"

            async def refused() -> bool:
                assert (await ask(edge, "x.example"))[0] == 503
                return await proxy.stat(name) > 0

            await until("the server to be refused", refused)
            world.feed_secret("known", server, server)
            await until("TLS to the server", answers(edge, "x.example", (200, "secure")))

    asyncio.run(story())


def test_proxies_before_it_are_believed_as_many_as_are_said(envoy, free_ports, until):
    """What the one before the gateway saw is the client; what that was told is hearsay."""

    async def story() -> None:
        edge, behind = free_ports(2)
        topology = {"PROXY_CONFIG": {"gatewayTopology": {"numTrustedProxies": 1}}}
        async with (
            backend(behind, "shop"), running(free_ports) as world,
            envoy(NODE, {**METADATA, **topology}, pilot=world.grpc) as proxy,
        ):
            await until("Envoy to be live", proxy.ready)
            world.feed_backend("a", behind)
            world.feed_gateway(plain(edge, "*"))
            world.feed_route("all", "*", "a")
            await until("the route", answers(edge, "x.example", (200, "shop")))
            told = "X-Forwarded-For: 9.9.9.9, 8.8.8.8\r\n"
            assert "8.8.8.8" in (await ask(edge, "x.example", extra=told))[2]

    asyncio.run(story())
