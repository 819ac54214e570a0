"""DNS messages: bytes to a question, an answer to bytes. Pure; the format itself is dnspython's.

Never: what a name means.
"""

from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from telltale.cluster.dns.names import Answer, Code, Record

PAYLOAD = 1232  # what fits any path unfragmented (DNS flag day 2020)
_PLAIN = 512  # without EDNS0


@dataclass(frozen=True, slots=True)
class Question:
    """One query; `room` is the most bytes that its sender takes over UDP."""

    message: dns.message.Message
    name: str
    type: str
    room: int


def read(data: bytes) -> Question | bytes | None:
    """A question, or the bytes to refuse it with, or None for what deserves no answer."""
    try:
        message = dns.message.from_wire(data)
    except dns.exception.DNSException:
        return _malformed(data)
    if message.flags & dns.flags.QR:
        return None  # answering answers would go on forever
    if message.opcode() != dns.opcode.QUERY:
        return _refused(message, dns.rcode.NOTIMP)
    if len(message.question) != 1 or message.question[0].rdclass != dns.rdataclass.IN:
        return _refused(message, dns.rcode.FORMERR)
    asked = message.question[0]
    room = max(message.payload, _PLAIN) if message.edns >= 0 else _PLAIN
    if message.edns > 0:
        return _refused(message, dns.rcode.BADVERS)
    type = dns.rdatatype.to_text(asked.rdtype)
    return Question(message, asked.name.to_text(), type, min(room, 4096))


def write(question: Question, answer: Answer, *, udp: bool, turn: int = 0) -> bytes:
    """The answer's bytes; over UDP cut to what fits, with the truncation bit. `turn` rotates."""
    return fit(_made(question, answer, turn), question.room if udp else 65535)


def question(name: str, type: str) -> Question:
    """A question of our own."""
    return Question(dns.message.make_query(name, type, use_edns=0), name, type, PAYLOAD)


def joined(question: Question, answer: Answer, rest: dns.message.Message, *, udp: bool) -> bytes:
    """Our aliases, then what an upstream says of where they lead."""
    made = _made(question, answer, 0)
    made.answer += rest.answer
    made.authority = rest.authority
    made.set_rcode(rest.rcode())
    return fit(made, question.room if udp else 65535)


def _made(question: Question, answer: Answer, turn: int) -> dns.message.Message:
    made = dns.message.make_response(question.message, True, PAYLOAD)
    made.flags |= dns.flags.AA
    made.set_rcode(dns.rcode.NXDOMAIN if answer.code is Code.NO_NAME else dns.rcode.NOERROR)
    records = answer.records
    if len(records) > 1 and records[0].type != "CNAME":
        start = turn % len(records)
        records = records[start:] + records[:start]
    _add(made, made.answer, records, question)
    _add(made, made.additional, answer.more, None)
    if answer.soa and not answer.records:
        _add(made, made.authority, (answer.soa,), None)
    return made


def fit(message: dns.message.Message, room: int) -> bytes:
    return message.to_wire(max_size=room, prefer_truncation=True)


def failure(question: Question) -> bytes:
    """SERVFAIL: we could not find out."""
    return _refused(question.message, dns.rcode.SERVFAIL)


def _add(
    message: dns.message.Message,
    section: list[dns.rrset.RRset],
    records: tuple[Record, ...],
    question: Question | None,
) -> None:
    for record in records:
        name = record.name
        if question and name == question.name.lower():
            name = question.name  # as it was asked, capitals included
        single = dns.rrset.from_text(name, record.ttl_s, "IN", record.type, record.data)
        found = message.find_rrset(
            section, single.name, single.rdclass, single.rdtype, create=True, force_unique=False
        )
        found.update_ttl(record.ttl_s)
        found.add(single[0])


def _refused(message: dns.message.Message, code: dns.rcode.Rcode) -> bytes:
    made = dns.message.make_response(message, True, PAYLOAD)
    made.set_rcode(code)
    return fit(made, _PLAIN)


def _malformed(data: bytes) -> bytes | None:
    """FORMERR (or NOTIMP) with the sender's id, if there is at least a header that is a query."""
    if len(data) < 12 or data[2] & 0x80:
        return None
    code = dns.rcode.NOTIMP if data[2] & 0x78 else dns.rcode.FORMERR
    return data[:2] + bytes([0x80 | data[2] & 0x79, 0x80 | code]) + bytes(8)
