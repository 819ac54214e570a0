"""Our DNS messages as dnspython reads them, and its as we do."""

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest

from telltale.agent.dns import wire

NAME = "Db.Example.COM"


def asked(name=NAME, type="A", **more):
    return dns.message.make_query(name, type, **more)


def answers(message):
    return [
        (one.name.to_text(), one.ttl, [item.to_text() for item in one]) for one in message.answer
    ]


def test_a_question_is_read():
    query = asked()
    found = wire.read(query.to_wire())
    assert (found.name, found.type, found.simple) == ("db.example.com", wire.A, True)
    assert (found.most, found.extended) == (512, False)
    found = wire.read(asked(type="AAAA", use_edns=0, payload=1400).to_wire())
    assert (found.type, found.most, found.extended) == (wire.AAAA, 1232, True)


def test_addresses_are_what_a_library_reads():
    query = asked(use_edns=0)
    body = wire.found(wire.read(query.to_wire()), ["240.240.0.1", "10.0.0.1"], 30)
    answer = dns.message.from_wire(body)
    assert query.is_response(answer) and answer.rcode() == dns.rcode.NOERROR
    assert answers(answer) == [("Db.Example.COM.", 30, ["240.240.0.1", "10.0.0.1"])]
    assert answer.flags & (dns.flags.AA | dns.flags.RD | dns.flags.RA) == (
        dns.flags.AA | dns.flags.RD | dns.flags.RA
    )
    assert answer.edns == 0 and not answer.flags & dns.flags.TC


def test_ipv6_and_no_address_at_all():
    query = asked(type="AAAA")
    answer = dns.message.from_wire(wire.found(wire.read(query.to_wire()), ["2001:2::1"], 30))
    assert answers(answer) == [("Db.Example.COM.", 30, ["2001:2::1"])]
    empty = dns.message.from_wire(wire.found(wire.read(query.to_wire()), [], 30))
    assert (empty.rcode(), empty.answer) == (dns.rcode.NOERROR, [])


def test_another_name_points_to_the_known_one():
    query = asked("web.shop.shop.svc.cluster.local")
    body = wire.found(wire.read(query.to_wire()), ["10.0.0.1"], 30, alias_of="web.shop")
    assert answers(dns.message.from_wire(body)) == [
        ("web.shop.shop.svc.cluster.local.", 30, ["web.shop."]),
        ("web.shop.", 30, ["10.0.0.1"]),
    ]


def test_what_does_not_fit_in_a_datagram_is_cut_and_said():
    many = [f"10.0.{one // 250}.{one % 250}" for one in range(400)]
    for query, most in ((asked(), 512), (asked(use_edns=0, payload=1232), 1232)):
        question = wire.read(query.to_wire())
        cut = wire.found(question, many, 30)
        message = dns.message.from_wire(cut)
        assert len(cut) <= most and message.flags & dns.flags.TC and message.answer
        whole = dns.message.from_wire(wire.found(question, many, 30, udp=False))
        assert len(whole.answer[0]) == 400 and not whole.flags & dns.flags.TC


def test_a_failure_is_told():
    query = asked(type="TXT", use_edns=0)
    answer = dns.message.from_wire(wire.failed(wire.read(query.to_wire())))
    assert query.is_response(answer) and answer.rcode() == dns.rcode.SERVFAIL


def test_what_is_not_a_plain_question_is_told_apart():
    other = asked()
    other.set_opcode(dns.opcode.NOTIFY)
    assert not wire.read(other.to_wire()).simple
    two = asked()
    two.question.append(asked("a.example").question[0])
    assert not wire.read(two.to_wire()).simple
    chaos = dns.message.make_query("version.bind", "TXT", "CH")
    assert not wire.read(chaos.to_wire()).simple


@pytest.mark.parametrize("broken", [
    b"", b"\0" * 11, b"\0" * 12, asked().to_wire()[:-2], asked().to_wire()[:15],
    dns.message.make_response(asked()).to_wire(),
    b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1",
])  # fmt: skip
def test_what_asks_nothing_is_named(broken):
    with pytest.raises(wire.NoQuestion):
        wire.read(broken)


def test_no_bytes_bring_it_down():
    whole = asked(use_edns=0).to_wire()
    for at in range(len(whole)):
        for value in (0, 1, 0x3F, 0x41, 0xC0, 0xFF):
            try:
                found = wire.read(whole[:at] + bytes([value]) + whole[at + 1 :])
            except wire.NoQuestion:
                continue
            wire.failed(found)
            wire.found(found, ["1.1.1.1"], 30, alias_of="a.example")
