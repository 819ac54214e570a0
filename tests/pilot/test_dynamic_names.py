"""Names that a real Envoy looks up when they are asked for; the test has the DNS server."""

import asyncio
import ssl
from functools import partial

import pytest

from tests.pilot.certificates import pair
from tests.pilot.loopback import Ground
from tests.pilot.test_real_services import client, connected, line, names, says, server

pytestmark = pytest.mark.live

ANY = """
kind: ServiceEntry
metadata: {{name: any, namespace: shop}}
spec:
  hosts: ["*.example.test"]
  resolution: DYNAMIC_DNS
  ports: [{{name: p, number: {port}, protocol: {protocol}, targetPort: {target}}}]
"""
REWRITTEN = """
kind: VirtualService
metadata: {name: any, namespace: shop}
spec:
  hosts: ["*.example.test"]
  http:
  - match: [{uri: {exact: /as-two}}]
    rewrite: {authority: "two.example.test:BEHIND"}
    route: [{destination: {host: "*.example.test"}}]
  - route: [{destination: {host: "*.example.test"}}]
"""


def test_a_request_goes_to_the_address_of_its_own_host(envoy, free_ports, until):
    async def story() -> None:
        [asked] = free_ports(1)

        def objects(at: Ground) -> str:
            any_host = ANY.format(port=at.port, protocol="HTTP", target=at.port)
            return f"{any_host}---{REWRITTEN.replace('BEHIND', str(at.behind))}"

        async with (
            names(asked, one_example_test="127.0.0.20", two_example_test="127.0.0.21") as known,
            client(free_ports, envoy, until, objects, "a", "b", dns=asked) as (at, _),
        ):
            assert await at.ask(Host=f"one.example.test:{at.behind}") == (200, "a")
            assert await at.ask(Host=f"two.example.test:{at.behind}") == (200, "b")
            assert await at.ask("/as-two", Host="one.example.test") == (200, "b")
            assert (await at.ask(Host=f"gone.example.test:{at.behind}"))[0] == 503
            assert known.asked >= {f"{one}.example.test" for one in ("one", "two", "gone")}

    asyncio.run(story())


def test_tls_goes_to_the_address_of_the_host_that_is_asked_for(
    envoy, free_ports, until, tmp_path
):
    def context(name: str) -> ssl.SSLContext:
        made = pair(name)
        (tmp_path / f"{name}.pem").write_bytes(made.chain + made.key)
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(tmp_path / f"{name}.pem")
        return found

    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    async def story() -> None:
        asked, port = free_ports(2)

        def objects(at: Ground) -> str:
            return ANY.format(port=port, protocol="TLS", target=at.behind)

        async with (
            names(asked, one_example_test="127.0.0.31") as known,
            client(free_ports, envoy, until, objects, dns=asked) as (at, _),
            server(partial(says, b"one"), "127.0.0.31", at.behind, context("one.example.test")),
        ):
            to = connected("127.0.0.1", port, ssl=trusting, server_hostname="one.example.test")
            async with to as (reader, writer):
                writer.write(b"?\n")
                assert await line(reader) == b"one\n"
            assert known.asked == {"one.example.test"}

    asyncio.run(story())
