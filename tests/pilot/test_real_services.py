"""Services that are no Kubernetes Services, and protocols told apart, by a real Envoy."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from tests.pilot.certificates import pair
from tests.pilot.loopback import METADATA, NODE, Ground, ground

pytestmark = pytest.mark.live

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LIMIT_S = 15


@asynccontextmanager
async def server(handle: Handle, host: str, port: int = 0, tls=None) -> AsyncIterator[None]:
    """On an address and port, or at a path. Each connection is closed once it is handled."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            await closed(writer)

    if port:
        running = await asyncio.start_server(serve, host, port, ssl=tls)
    else:
        running = await asyncio.start_unix_server(serve, host)
    async with running:
        yield
        await asyncio.gather(*tasks)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(LIMIT_S):
            await writer.wait_closed()
    except (ConnectionError, ssl.SSLError):
        pass  # the other side was faster


@asynccontextmanager
async def connected(host: str, port: int, **tls):
    reader, writer = await asyncio.open_connection(host, port, **tls)
    try:
        yield reader, writer
    finally:
        await closed(writer)


async def line(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(LIMIT_S):
        return await reader.readline()


async def says(name: bytes, reader, writer) -> None:
    await reader.readline()
    writer.write(name + b"\n")
    await writer.drain()


class Names(asyncio.DatagramProtocol):
    """A DNS server that knows some names, and remembers which it was asked for."""

    def __init__(self, **known: str) -> None:
        self.known = {name.replace("_", "."): address for name, address in known.items()}
        self.asked: set[str] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        self.asked.add(name)
        if name not in self.known:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif asked.rdtype == 1:
            reply.answer.append(dns.rrset.from_text(asked.name, 1, "IN", "A", self.known[name]))
        self.transport.sendto(reply.to_wire(), peer)


@asynccontextmanager
async def names(port: int, **known: str) -> AsyncIterator[Names]:
    loop = asyncio.get_running_loop()
    transport, found = await loop.create_datagram_endpoint(
        lambda: Names(**known), local_addr=("127.0.0.1", port)
    )
    try:
        yield found
    finally:
        transport.close()


def entry(host: str, port: int, protocol: str, behind: int, *addresses: str, **more: str) -> str:
    ends = "".join(f"\n  - {{address: {one}, ports: {{p: {behind}}}}}" for one in addresses)
    rest = "".join(f"\n  {key}: {value}" for key, value in more.items())
    return f"""
kind: ServiceEntry
metadata: {{name: {host.replace("*", "any")}, namespace: shop}}
spec:
  hosts: ["{host}"]
  ports: [{{name: p, number: {port}, protocol: {protocol}}}]{rest}
  endpoints: {ends or "[]"}
"""


ONLY_KNOWN = """
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress: [{hosts: ["./*"]}]
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
"""


@asynccontextmanager
async def client(free_ports, envoy, until, objects: Callable[[Ground], str], *backends, dns=0):
    """The ground, with these objects, and an Envoy that has them."""
    async with ground(free_ports, *backends) as (at, grpc):
        at.apply(objects(at))
        await until("the objects to be read", at.read)
        async with envoy(NODE, METADATA, pilot=grpc, dns=dns) as proxy:
            await until("Envoy to be live", proxy.ready)
            await until("Envoy to have it all", at.settled)
            yield at, proxy


def test_hosts_outside_are_reached_by_address_and_by_dns(envoy, free_ports, until):
    async def story() -> None:
        [asked] = free_ports(1)

        def objects(at: Ground) -> str:
            return "---".join([
                entry("fixed.example", at.port, "HTTP", at.behind, "127.0.0.20",
                      resolution="STATIC"),
                entry("named.example", at.port, "HTTP", at.behind, "real.example",
                      resolution="DNS"),
                entry("own.example", at.port, "HTTP", 0, resolution="DNS").replace(
                    "protocol: HTTP", f"protocol: HTTP, targetPort: {at.behind}"),
                entry("one.example", at.port, "HTTP", at.behind, "real.example",
                      resolution="DNS_ROUND_ROBIN"),
            ])  # fmt: skip

        async with (
            names(asked, real_example="127.0.0.21", own_example="127.0.0.22") as known,
            client(free_ports, envoy, until, objects, "a", "b", "c", dns=asked) as (at, _),
        ):
            found = [await at.ask(Host=f"{host}.example")
                     for host in ("fixed", "named", "own", "one")]  # fmt: skip
            assert found == [(200, "a"), (200, "b"), (200, "c"), (200, "b")]
            assert known.asked == {"real.example", "own.example"}

    asyncio.run(story())


def test_only_what_is_known_is_let_out(envoy, free_ports, until):
    async def story() -> None:
        def objects(at: Ground) -> str:
            known = entry("known.example", at.port, "HTTP", at.behind, "127.0.0.20",
                          resolution="STATIC")  # fmt: skip
            return f"{ONLY_KNOWN}---{known}"

        async with client(free_ports, envoy, until, objects, "a") as (at, _):
            assert await at.ask(Host="known.example") == (200, "a")
            assert (await at.ask(Host="unknown.example"))[0] == 502
            async with connected("127.0.0.1", at.port) as (reader, writer):
                writer.write(b"\x00not http\n")
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)  # nobody known speaks anything else here

    asyncio.run(story())


UNDECLARED = """
kind: Service
metadata: {name: any, namespace: shop}
spec: {clusterIP: 127.9.0.2, ports: [{name: any, port: PORT}]}
---
kind: EndpointSlice
metadata: {name: any-1, namespace: shop, labels: {kubernetes.io/service-name: any}}
ports: [{name: any, port: BEHIND}]
endpoints: [{addresses: [127.0.0.30]}]
"""


def test_a_port_that_does_not_say_carries_http_and_anything_else(envoy, free_ports, until):
    async def either(reader, writer) -> None:
        first = await reader.readline()
        if first.startswith(b"GET "):
            while await reader.readline() not in (b"\r\n", b""):
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhttp\n")
        else:
            writer.write(b"tcp " + first)
        await writer.drain()

    async def story() -> None:
        def objects(at: Ground) -> str:
            return UNDECLARED.replace("BEHIND", str(at.behind))

        async with (
            client(free_ports, envoy, until, objects) as (at, proxy),
            server(either, "127.0.0.30", at.behind),
        ):
            async with at.session.get(f"http://127.9.0.2:{at.port}/") as answer:
                assert (answer.status, await answer.text()) == (200, "http\n")
                assert answer.headers["server"] == "envoy"  # it was read as a request
            async with connected("127.9.0.2", at.port) as (reader, writer):
                writer.write(b"\x01\x02\x03\n")
                assert await line(reader) == b"tcp \x01\x02\x03\n"
            cluster = f"cluster.outbound|{at.port}||any.shop.svc.cluster.local;"
            assert await proxy.stat(f"{cluster}.upstream_rq_total") >= 1

    asyncio.run(story())


def test_a_server_that_speaks_first_is_heard(envoy, free_ports, until):
    async def greets(reader, writer) -> None:
        writer.write(b"220 at your service\n")
        await writer.drain()
        await says(b"bye", reader, writer)

    async def story() -> None:
        def objects(at: Ground) -> str:
            said = UNDECLARED.replace("name: any, port", "name: tcp-mail, port")
            return said.replace("BEHIND", str(at.behind))

        async with (
            client(free_ports, envoy, until, objects) as (at, _),
            server(greets, "127.0.0.30", at.behind),
            connected("127.9.0.2", at.port) as (reader, writer),
        ):
            assert await line(reader) == b"220 at your service\n"
            writer.write(b"quit\n")
            assert await line(reader) == b"bye\n"

    asyncio.run(story())


def test_tls_is_passed_on_by_the_host_that_is_asked_for(envoy, free_ports, until, tmp_path):
    def context(name: str) -> ssl.SSLContext:
        made = pair(name)
        (tmp_path / f"{name}.pem").write_bytes(made.chain + made.key)
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(tmp_path / f"{name}.pem")
        return found

    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    async def story() -> None:
        [port] = free_ports(1)

        def objects(at: Ground) -> str:
            return "---".join([
                ONLY_KNOWN,
                entry("a.example", port, "TLS", at.behind, "127.0.0.31", resolution="STATIC"),
                entry("*.b.example", port, "HTTPS", at.behind, "127.0.0.32", resolution="STATIC"),
            ])  # fmt: skip

        async def who(host: str) -> bytes:
            to = connected("127.0.0.1", port, ssl=trusting, server_hostname=host)
            async with to as (reader, writer):
                writer.write(b"?\n")
                return await line(reader)

        async with client(free_ports, envoy, until, objects) as (at, _), AsyncExitStack() as stack:
            for name, address in (("a", "127.0.0.31"), ("b", "127.0.0.32")):
                answer = partial(says, name.encode())
                await stack.enter_async_context(
                    server(answer, address, at.behind, context(f"{name}.example"))
                )
            assert await who("a.example") == b"a\n"
            assert await who("x.b.example") == b"b\n"
            with pytest.raises((ConnectionError, ssl.SSLError)):
                await who("c.example")

    asyncio.run(story())


def test_what_a_sidecar_hears_goes_to_a_unix_socket(envoy, free_ports, until, tmp_path):
    async def story() -> None:
        [port] = free_ports(1)
        path = tmp_path / "app.sock"

        def objects(at: Ground) -> str:
            return f"""
kind: Sidecar
metadata: {{name: default, namespace: shop}}
spec:
  egress: [{{hosts: ["~/*"]}}]
  ingress:
  - port: {{number: {port}, protocol: TCP, name: in}}
    captureMode: NONE
    bind: 127.0.0.1
    defaultEndpoint: unix://{path}
"""

        async def answer(reader, writer) -> None:
            await says(b"by socket", reader, writer)

        async with client(free_ports, envoy, until, objects) as (_, proxy):
            to = connected("127.0.0.1", port)
            async with server(answer, str(path)), to as (reader, writer):
                writer.write(b"?\n")
                assert await line(reader) == b"by socket\n"
            assert await proxy.listening() == {f"127.0.0.1_{port}"}  # and nothing goes out

    asyncio.run(story())
