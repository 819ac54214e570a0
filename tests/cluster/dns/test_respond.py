"""Bytes in, bytes out: what a client of any kind would see."""

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from telltale.cluster.dns.forward import Failed
from telltale.cluster.dns.names import Zone
from telltale.cluster.dns.respond import Responder
from telltale.cluster.dns.settings import Settings

PILOT = "istio-pilot.istio-system.svc.cluster.local."


def ask(responder: Responder, name: str, type: str = "A", *, udp: bool = True, **options):
    query = dns.message.make_query(name, type, **options)
    found = responder.respond(query.to_wire(), udp=udp)
    if not isinstance(found, bytes):
        found = asyncio.run(found)
    answer = dns.message.from_wire(found)
    assert query.is_response(answer)
    return answer


@pytest.fixture
def responder(zone) -> Responder:
    return Responder(Settings(), zone, None)


def test_an_answer_is_authoritative_and_has_its_time(responder):
    found = ask(responder, PILOT)
    assert found.flags & dns.flags.AA and found.flags & dns.flags.RA
    assert [str(one) for one in found.answer] == [f"{PILOT} 30 IN A 172.31.220.77"]


def test_the_same_question_again_is_answered_with_its_own_id(responder):
    assert ask(responder, PILOT, id=1).id == 1
    again = ask(responder, PILOT, id=2)
    assert again.id == 2 and again.answer


def test_what_is_kept_is_forgotten_when_anything_changes(responder, zone, make_service):
    ask(responder, PILOT)
    zone.put(make_service("istio-pilot", "istio-system", "172.31.220.99"), [])
    assert ask(responder, PILOT).answer[0][0].address == "172.31.220.99"


def test_capitals_are_answered_as_asked(responder):
    found = ask(responder, "Istio-PILOT.istio-system.svc.cluster.local.")
    assert found.answer[0].name.to_text().startswith("Istio-PILOT.")


@pytest.mark.parametrize(
    "name, code",
    [
        (PILOT, "NOERROR"),
        ("no.shop.svc.cluster.local.", "NXDOMAIN"),
        ("istio-pilot.istio-system.", "NXDOMAIN"),  # nobody to ask: the search list goes on
        ("istio-pilot.istio-system.localdomain.", "NXDOMAIN"),
        ("example.com.", "NXDOMAIN"),
    ],
)
def test_codes_without_an_upstream(responder, name, code):
    found = ask(responder, name)
    assert dns.rcode.to_text(found.rcode()) == code
    assert found.answer or found.authority[0].rdtype == dns.rdatatype.SOA


def test_too_much_for_udp_is_cut_and_whole_over_tcp(make_service, make_slice):
    zone = Zone()
    many = make_service("many", "x", "None")
    places = [(f"172.31.{n // 250}.{n % 250 + 1}", "", True) for n in range(200)]
    zone.put(many, [make_slice(many, *places)])
    responder = Responder(Settings(), zone, None)
    name = "many.x.svc.cluster.local."
    short = ask(responder, name)
    assert short.flags & dns.flags.TC and len(short.to_wire()) <= 512
    assert len(ask(responder, name, udp=False).answer[0]) == 200
    wider = ask(responder, name, use_edns=0, payload=4096)
    assert not wider.flags & dns.flags.TC and len(wider.answer[0]) == 200
    first = {ask(responder, name, udp=False).answer[0][0].address for _ in range(5)}
    assert len(first) > 1, "the load is spread by turning the order"


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00" * 11, b"\x12\x34\x81\x80" + b"\x00" * 8])
def test_noise_gets_no_answer(responder, data):
    assert responder.respond(data, udp=True) in (None,)


def test_a_broken_query_gets_formerr(responder):
    found = responder.respond(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xff\xff", udp=True)
    assert found[:2] == b"\x12\x34" and found[3] & 0xF == 1


def test_other_opcodes_are_not_implemented(responder):
    query = dns.message.make_query(PILOT, "A")
    query.set_opcode(5)
    assert dns.message.from_wire(responder.respond(query.to_wire(), udp=True)).rcode() == 4


class Upstream:
    """Answers or fails as told."""

    def __init__(self, address: str | None) -> None:
        self.address, self.asked = address, []

    async def ask(self, question):
        self.asked.append(question.name)
        if self.address is None:
            raise Failed("gone")
        found = dns.message.make_response(question.message)
        found.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", self.address))
        return found


def test_other_names_go_to_the_upstream_but_never_the_clusters_own(zone):
    upstream = Upstream("198.51.100.9")
    responder = Responder(Settings(), zone, upstream)
    assert ask(responder, "example.com.").answer[0][0].address == "198.51.100.9"
    for own in ("no.shop.svc.cluster.local.", "x.localdomain.", "1.2.3.4.in-addr.arpa."):
        assert ask(responder, own).rcode() == dns.rcode.NXDOMAIN
    assert upstream.asked == ["example.com."]


def test_an_alias_outside_is_completed(zone):
    responder = Responder(Settings(), zone, Upstream("198.51.100.9"))
    found = ask(responder, "outer.shop.svc.cluster.local.")
    assert [one.rdtype.name for one in found.answer] == ["CNAME", "A"]


def test_a_lost_upstream_is_servfail_and_cluster_names_go_on(zone):
    responder = Responder(Settings(), zone, Upstream(None))
    assert ask(responder, "example.com.").rcode() == dns.rcode.SERVFAIL
    assert ask(responder, PILOT).answer
