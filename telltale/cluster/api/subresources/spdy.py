"""SPDY/3.1 frames, as port-forward speaks them: bytes to frames and back. Pure.

Never: flow control (the other end, Kubernetes' spdystream, has none), or what a stream is for.
Rules: draft-mbelshe-httpbis-spdy-00, sections 2.2, 2.6 and its header dictionary (2.6.10.1).
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

_VERSION = 3
_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _GOAWAY, _HEADERS = 1, 2, 3, 6, 7, 8
_FIN = 1
_CANCEL = 5
MOST_FRAME = 1 << 20
_MOST_HEADERS = 64 * 1024

_WORDS = (
    "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset",
    "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "authorization",
    "cache-control", "connection", "content-base", "content-encoding", "content-language",
    "content-length", "content-location", "content-md5", "content-range", "content-type", "date",
    "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match",
    "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma",
    "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after", "server", "te",
    "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning",
    "www-authenticate", "method", "get", "status",
)  # fmt: skip
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203"
    " Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401"
    " Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service"
    " UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri,"
    " Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch"
    "charset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


def _counted(word: str) -> bytes:
    return struct.pack(">I", len(word)) + word.encode()


DICTIONARY = b"".join(
    _counted(one)
    for one in (*_WORDS, "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie",
                "keep-alive", "origin")
) + _TAIL.encode()  # fmt: skip


class BadFrame(Exception):
    """The other end does not speak SPDY/3.1."""


@dataclass(frozen=True, slots=True)
class Opened:
    """SYN_STREAM; header names in lower case."""

    stream: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Data:
    stream: int
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class Reset:
    stream: int


@dataclass(frozen=True, slots=True)
class Ping:
    id: int


@dataclass(frozen=True, slots=True)
class GoAway:
    pass


Frame = Opened | Data | Reset | Ping | GoAway


@dataclass
class Codec:
    """One connection: header blocks of a direction share one compression."""

    _buffer: bytearray = field(default_factory=bytearray)
    _inflate: "zlib._Decompress" = field(
        default_factory=lambda: zlib.decompressobj(zdict=DICTIONARY)
    )
    _deflate: "zlib._Compress" = field(default_factory=lambda: zlib.compressobj(zdict=DICTIONARY))

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now. Raises `BadFrame`."""
        self._buffer += data
        while len(self._buffer) >= 8:
            first, second = struct.unpack_from(">II", self._buffer)
            size, flags = second & 0xFFFFFF, second >> 24
            if size > MOST_FRAME:
                raise BadFrame(f"a frame of {size} bytes; at most {MOST_FRAME}")
            if len(self._buffer) < 8 + size:
                return
            body = bytes(self._buffer[8 : 8 + size])
            del self._buffer[: 8 + size]
            if first >> 31:
                yield from self._control(first, body)
            else:
                yield Data(first, body, bool(flags & _FIN))

    def _control(self, first: int, body: bytes) -> Iterator[Frame]:
        version, kind = first >> 16 & 0x7FFF, first & 0xFFFF
        if version != _VERSION:
            raise BadFrame(f"SPDY version {version}; only {_VERSION} is spoken here")
        if kind in (_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _HEADERS) and len(body) < 4:
            raise BadFrame(f"a control frame {kind} of {len(body)} bytes")
        number = struct.unpack_from(">I", body)[0] if len(body) >= 4 else 0
        if kind == _SYN_STREAM:
            yield Opened(number & 0x7FFFFFFF, self._headers(body[10:]))
        elif kind in (_SYN_REPLY, _HEADERS):
            self._headers(body[4:])  # read for the compression's sake
        elif kind == _RST_STREAM:
            yield Reset(number & 0x7FFFFFFF)
        elif kind == _PING:
            yield Ping(number)
        elif kind == _GOAWAY:
            yield GoAway()

    def _headers(self, block: bytes) -> dict[str, str]:
        try:
            plain = self._inflate.decompress(block, _MOST_HEADERS)
        except zlib.error as error:
            raise BadFrame(f"a header block that cannot be read: {error}") from error
        found: dict[str, str] = {}
        words = list(_words(plain))
        for name, value in zip(words[::2], words[1::2], strict=False):
            found[name.lower()] = value
        return found

    def reply(self, stream: int) -> bytes:
        """SYN_REPLY without headers: the stream is accepted."""
        block = self._deflate.compress(struct.pack(">I", 0))
        block += self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return _frame(_SYN_REPLY, struct.pack(">I", stream) + block)

    @staticmethod
    def data(stream: int, data: bytes, *, last: bool = False) -> bytes:
        return struct.pack(">II", stream, (_FIN if last else 0) << 24 | len(data)) + data

    @staticmethod
    def ping(id: int) -> bytes:
        return _frame(_PING, struct.pack(">I", id))

    @staticmethod
    def reset(stream: int) -> bytes:
        return _frame(_RST_STREAM, struct.pack(">II", stream, _CANCEL))


def _words(plain: bytes) -> Iterator[str]:
    """The names and values of a header block, in turn."""
    at = 4
    while at + 4 <= len(plain):
        size = struct.unpack_from(">I", plain, at)[0]
        yield plain[at + 4 : at + 4 + size].decode(errors="replace")
        at += 4 + size


def _frame(kind: int, body: bytes) -> bytes:
    return struct.pack(">HHI", 0x8000 | _VERSION, kind, len(body)) + body
