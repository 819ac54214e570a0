"""Our DNS message against dnspython's, and the search list against resolv.conf(5)."""

import asyncio
import socket

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from telltale.agent.resolv_conf import ResolvConf, names, read_resolv_conf
from telltale.agent.resolve import Found, LookupFailed, answer, question, resolve

PODS = """nameserver 172.19.0.10
search default.svc.cluster.local svc.cluster.local cluster.local localdomain
options ndots:5
"""
NAME = "istio-pilot.istio-system"


def test_a_pods_resolv_conf():
    conf = read_resolv_conf(PODS)
    assert conf.nameservers == ("172.19.0.10",) and conf.ndots == 5
    assert names(NAME, conf)[:2] == [
        f"{NAME}.default.svc.cluster.local",
        f"{NAME}.svc.cluster.local",
    ]
    assert names(NAME, conf)[-1] == NAME
    assert names("a.b.c.d.e.f", conf)[0] == "a.b.c.d.e.f"
    assert names("x.", conf) == ["x"]


def test_comments_hosts_and_an_empty_file():
    conf = read_resolv_conf("# x\nnameserver 1.1.1.1 # y\n", "127.0.0.1 localhost\n::1 six\n")
    assert conf.nameservers == ("1.1.1.1",) and conf.hosts == {"localhost": "127.0.0.1"}
    assert read_resolv_conf("").nameservers == ("127.0.0.1",)


def test_the_question_is_one_that_dnspython_reads():
    asked = dns.message.from_wire(question(f"{NAME}.svc.cluster.local")).question[0]
    assert asked.to_text() == f"{NAME}.svc.cluster.local. IN A"


def test_the_answer_may_have_aliases_and_pointers():
    query = dns.message.from_wire(question("a.example"))
    reply = dns.message.make_response(query)
    reply.answer.append(dns.rrset.from_text("a.example.", 5, "IN", "CNAME", "b.example."))
    reply.answer.append(dns.rrset.from_text("b.example.", 5, "IN", "A", "10.0.0.1", "10.0.0.2"))
    assert sorted(answer(reply.to_wire())) == ["10.0.0.1", "10.0.0.2"]


class Server(asyncio.DatagramProtocol):
    """Answers each query with what `reply` makes of it; None is silence."""

    def __init__(self, reply):
        self.reply = reply

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        if (said := self.reply(dns.message.from_wire(data))) is not None:
            self.transport.sendto(said, addr)


def lookup(reply) -> Found:
    async def run() -> Found:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Server(reply), local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        try:
            conf = ResolvConf(("127.0.0.1",), ("svc.cluster.local",), 5)
            return await resolve(NAME, conf, 0.2, port)
        finally:
            transport.close()

    return asyncio.run(run())


def found(query: dns.message.Message) -> bytes:
    reply = dns.message.make_response(query)
    if query.question[0].name.to_text() == f"{NAME}.svc.cluster.local.":
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 5, "IN", "A", "172.19.3.4"))
    else:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


def rcode(code):
    def reply(query: dns.message.Message) -> bytes:
        made = dns.message.make_response(query)
        made.set_rcode(code)
        return made.to_wire()

    return reply


def test_the_search_list_is_walked():
    assert lookup(found) == Found(("172.19.3.4",), "127.0.0.1")


@pytest.mark.parametrize(
    "reply, said",
    [
        (lambda query: None, "i/o timeout"),
        (rcode(dns.rcode.NXDOMAIN), "no such host"),
        (rcode(dns.rcode.NOERROR), "no such host"),
        (rcode(dns.rcode.SERVFAIL), "server misbehaving"),
        (rcode(dns.rcode.REFUSED), "server misbehaving"),
        (lambda query: b"not dns", "server misbehaving"),
    ],
)
def test_a_failure_is_told_in_gos_words(reply, said):
    with pytest.raises(LookupFailed) as caught:
        lookup(reply)
    assert str(caught.value).startswith(f"lookup {NAME} on 127.0.0.1:")
    assert str(caught.value).endswith(f": {said}")


def test_a_server_that_is_not_there_refuses():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LookupFailed, match=f"on 127.0.0.1:{port}: connection refused"):
        asyncio.run(resolve(NAME, ResolvConf(("127.0.0.1",)), 1.0, port))


def test_an_address_is_not_looked_up():
    assert asyncio.run(resolve("10.1.2.3", ResolvConf())) == Found(("10.1.2.3",))
