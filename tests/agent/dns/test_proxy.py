"""The DNS proxy on loopback, asked by dnspython, before nameservers that answer or do not."""

import asyncio
import struct
from contextlib import asynccontextmanager

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from telltale.agent.dns.names import Names
from telltale.agent.dns.proxy import Proxy
from telltale.agent.resolv_conf import ResolvConf
from telltale.lib.clock import FakeClock
from tests.pilot.conftest import until

pytestmark = pytest.mark.live

DOMAIN = "shop.svc.cluster.local"
NAMES = Names(
    {f"web.{DOMAIN}": ("10.0.0.1",), f"all.{DOMAIN}": tuple(f"10.1.0.{n}" for n in range(1, 201))},
    {"db.example.com": ("240.240.0.1",), "six.example.com": ("2001:2::1",)}, DOMAIN,
)  # fmt: skip


class Fed:
    def __init__(self, names=NAMES):
        self.names, self.error = names, None


class Nameserver(asyncio.DatagramProtocol):
    """Knows outside.example by UDP and TCP; silent when told so."""

    silent = False

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        if not self.silent:
            self.transport.sendto(self.answer(data), addr)

    def answer(self, data):
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        asked = query.question[0]
        if asked.name.to_text() == "outside.example.":
            text = '"text"' if asked.rdtype == 16 else "203.0.113.1"
            reply.answer.append(dns.rrset.from_text(asked.name, 7, "IN", asked.rdtype, text))
        else:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()

    async def connection(self, reader, writer):
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        told = self.answer(await reader.readexactly(length))
        writer.write(struct.pack(">H", len(told)) + told)
        await writer.drain()
        writer.close()


class Story:
    def __init__(self, port, proxy, feed, nameserver):
        self.port, self.proxy, self.feed, self.nameserver = port, proxy, feed, nameserver

    async def ask(self, name, type="A", *, tcp=False):
        query = dns.message.make_query(name, type)
        ask = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        reply = await ask(query, "127.0.0.1", 10, self.port)
        assert query.is_response(reply)
        return reply


@asynccontextmanager
async def served(free_ports, servers=("127.0.0.1",), names=NAMES):
    port, upstream = free_ports(2)
    nameserver, feed, loop = Nameserver(), Fed(names), asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: nameserver, local_addr=("127.0.0.1", upstream)
    )
    by_tcp = await asyncio.start_server(nameserver.connection, "127.0.0.1", upstream)
    conf = ResolvConf(servers, (DOMAIN, "svc.cluster.local"), 5)
    proxy = Proxy(feed, lambda: conf, FakeClock(), upstream)
    assert "does not listen yet" in proxy.not_ready()
    task = asyncio.create_task(proxy.serve(port))
    try:
        async with asyncio.timeout(30), by_tcp:

            async def listening():
                return "listen" not in (proxy.not_ready() or "")

            await until("the proxy listens", listening)
            yield Story(port, proxy, feed, nameserver)
    finally:
        task.cancel()
        transport.close()


def records(reply):
    return [item.to_text() for one in reply.answer for item in one]


def test_names_of_the_mesh_are_answered_here(free_ports):
    async def play():
        async with served(free_ports) as story:
            for tcp in (False, True):
                reply = await story.ask("db.example.com", tcp=tcp)
                assert records(reply) == ["240.240.0.1"] and reply.answer[0].ttl == 30
                assert reply.flags & dns.flags.AA
            assert records(await story.ask("WEB")) == ["10.0.0.1"]
            reply = await story.ask(f"db.example.com.{DOMAIN}")
            assert records(reply) == ["db.example.com.", "240.240.0.1"]
            none = await story.ask("db.example.com", "AAAA")
            assert (none.rcode(), none.answer) == (dns.rcode.NOERROR, [])
            assert records(await story.ask("six.example.com", "AAAA")) == ["2001:2::1"]
            assert story.proxy.counts.forwarded == 0 and story.proxy.lost is None

    asyncio.run(play())


def test_many_addresses_take_turns_and_come_whole_by_tcp(free_ports):
    async def play():
        async with served(free_ports) as story:
            cut = await story.ask("all")
            assert cut.flags & dns.flags.TC and records(cut)
            first = {records(await story.ask("all", tcp=True))[0] for _ in range(3)}
            assert len(first) == 3
            assert len(records(await story.ask("all", tcp=True))) == 200

    asyncio.run(play())


def test_all_else_is_asked_of_the_nameservers(free_ports):
    async def play():
        async with served(free_ports) as story:
            assert records(await story.ask("outside.example")) == ["203.0.113.1"]
            assert records(await story.ask("outside.example", tcp=True)) == ["203.0.113.1"]
            assert records(await story.ask("outside.example", "TXT")) == ['"text"']
            assert (await story.ask("nobody.example")).rcode() == dns.rcode.NXDOMAIN
            # another type of a known name is theirs to say
            assert (await story.ask("db.example.com", "MX")).rcode() == dns.rcode.NXDOMAIN
            assert story.proxy.counts.forwarded == 5 and story.proxy.lost is None

    asyncio.run(play())


def test_nameservers_that_do_not_answer_are_told_and_the_mesh_goes_on(free_ports, monkeypatch):
    monkeypatch.setattr("telltale.agent.dns.proxy.UPSTREAM_S", 0.2)

    async def play():
        async with served(free_ports) as story:
            story.nameserver.silent = True
            assert (await story.ask("outside.example")).rcode() == dns.rcode.SERVFAIL
            assert (story.proxy.lost.nameserver, story.proxy.lost.error) == (
                "127.0.0.1", "i/o timeout"
            )
            assert story.proxy.told()["upstream"]["error"] == "i/o timeout"
            assert records(await story.ask("web")) == ["10.0.0.1"]
            assert story.proxy.not_ready() is None  # names of the mesh are answered
            story.nameserver.silent = False
            assert records(await story.ask("outside.example")) == ["203.0.113.1"]
            assert story.proxy.lost is None and story.proxy.counts.failed == 1

    asyncio.run(play())


def test_the_nameserver_that_answers_is_asked_first(free_ports):
    async def play():
        async with served(free_ports, ("127.0.0.9", "127.0.0.1")) as story:
            assert records(await story.ask("outside.example")) == ["203.0.113.1"]
            assert story.proxy.lost is None
            assert records(await story.ask("outside.example")) == ["203.0.113.1"]

    asyncio.run(play())


def test_before_there_are_names_nobody_else_is_asked(free_ports):
    async def play():
        async with served(free_ports, names=None) as story:
            assert (await story.ask("outside.example")).rcode() == dns.rcode.SERVFAIL
            assert story.proxy.counts.forwarded == 0
            assert "table is not ready yet" in story.proxy.not_ready()
            assert (story.proxy.told()["names"], story.proxy.table()) == (None, {})
            story.feed.names = NAMES
            assert story.proxy.not_ready() is None
            assert story.proxy.table()["db.example.com"] == ["240.240.0.1"]
            assert records(await story.ask("web")) == ["10.0.0.1"]

    asyncio.run(play())


def test_what_is_no_question_is_dropped(free_ports):
    async def play():
        async with served(free_ports) as story:
            reader, writer = await asyncio.open_connection("127.0.0.1", story.port)
            writer.write(struct.pack(">H", 4) + b"ohno")
            assert await reader.read() == b""
            writer.close()
            assert records(await story.ask("web")) == ["10.0.0.1"]

    asyncio.run(play())
