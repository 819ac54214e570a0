"""DNS messages, as far as the agent makes and reads them: a question in, an address out. Pure.

Our own, as `resolve` is, because it runs beside workloads: dnspython adds 6 MB to each. RFC 1035
section 4, RFC 6891 for the size that a client takes. Never: an answer of somebody else's; those are
handed on as they are.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

A, AAAA = 1, 28
_CNAME, _OPT, _IN = 5, 41, 1
_PLAIN_BYTES = 512  # what a client takes over UDP when it does not say
_OUR_BYTES = 1232
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _WANTED, _AVAILABLE = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
_OPCODE = 0x7800
_SERVER_FAILED = 2
_HEAD = struct.Struct(">6H")
_FIRST_NAME = struct.pack(">H", 0xC000 | _HEAD.size)  # a pointer to the question's name


class NoQuestion(ValueError):
    """The bytes are no message that asks for anything."""


@dataclass(frozen=True, slots=True)
class Question:
    """`name` in lower case, without the dot at its end; `section` is the question as it came.

    `simple`: one question of class IN by the usual opcode. `most`: bytes that may come back by UDP.
    """

    id: int
    flags: int
    name: str
    type: int
    section: bytes
    simple: bool
    most: int = _PLAIN_BYTES
    extended: bool = False


def read(message: bytes) -> Question:
    """Raises NoQuestion."""
    try:
        id, flags, questions, answers, authorities, more = _HEAD.unpack_from(message)
        if flags & _RESPONSE or questions == 0:
            raise NoQuestion("not a question")
        name, at = _name(message, _HEAD.size)
        type, kind = struct.unpack_from(">2H", message, at)
    except (struct.error, IndexError) as error:
        raise NoQuestion(f"{len(message)} bytes are no DNS message") from error
    end = at + 4
    simple = questions == 1 and kind == _IN and not flags & _OPCODE and not (answers or authorities)
    size = _payload(message, end, more) if simple else None
    return Question(
        id, flags, name, type, message[_HEAD.size : end], simple,
        max(size or 0, _PLAIN_BYTES), size is not None,
    )  # fmt: skip


def found(
    asked: Question, addresses: Sequence[str], ttl_s: int, *, alias_of: str = "", udp: bool = True
) -> bytes:
    """Addresses of the type that was asked for; none is an answer too. What does not fit is cut."""
    owner, records = _FIRST_NAME, []
    if alias_of:
        target = _encoded(alias_of)
        head = _FIRST_NAME + struct.pack(">2HIH", _CNAME, _IN, ttl_s, len(target))
        at = _HEAD.size + len(asked.section) + len(head)
        records.append(head + target)
        owner = struct.pack(">H", 0xC000 | at)
    for address in addresses:
        packed = ip_address(address).packed
        records.append(owner + struct.pack(">2HIH", asked.type, _IN, ttl_s, len(packed)) + packed)
    flags = _RESPONSE | _AUTHORITATIVE | asked.flags & _WANTED | _AVAILABLE
    kept = _fitting(asked, records) if udp else records
    if len(kept) < len(records):
        flags |= _TRUNCATED
    return _message(asked, flags, kept)


def failed(asked: Question) -> bytes:
    """SERVFAIL."""
    flags = _RESPONSE | asked.flags & (_OPCODE | _WANTED) | _AVAILABLE | _SERVER_FAILED
    return _message(asked, flags, [])


def _message(asked: Question, flags: int, records: Sequence[bytes]) -> bytes:
    extra = [b"\0" + struct.pack(">2HIH", _OPT, _OUR_BYTES, 0, 0)] if asked.extended else []
    head = _HEAD.pack(asked.id, flags, 1, len(records), 0, len(extra))
    return b"".join((head, asked.section, *records, *extra))


def _fitting(asked: Question, records: Sequence[bytes]) -> Sequence[bytes]:
    room = asked.most - _HEAD.size - len(asked.section) - (11 if asked.extended else 0)
    for count, record in enumerate(records):
        room -= len(record)
        if room < 0:
            return records[:count]
    return records


def _name(message: bytes, at: int) -> tuple[str, int]:
    """A name written out, and where it ends. A question's is never compressed: it is the first."""
    labels = []
    while size := message[at]:
        if size & 0xC0 or at + 1 + size > len(message):
            raise NoQuestion("its name is not written out")
        labels.append(message[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += size + 1
    return ".".join(labels), at + 1


def _payload(message: bytes, at: int, count: int) -> int | None:
    """What the client's OPT record says that it takes; None where it has none."""
    try:
        for _ in range(count):
            if message[at] == 0:
                type, size = struct.unpack_from(">2H", message, at + 1)
                if type == _OPT:
                    return min(int(size), _OUR_BYTES)
            at = _name(message, at)[1]
            (length,) = struct.unpack_from(">H", message, at + 8)
            at += 10 + length
    except (struct.error, IndexError, NoQuestion):
        return None
    return None


def _encoded(name: str) -> bytes:
    labels = [label.encode("latin-1") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
