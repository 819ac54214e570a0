"""Names of other domains: asked of an upstream, remembered for a short while.

Never: cluster names; and never more than a bounded number of questions on their way.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode

from telltale.cluster.dns.wire import Question
from telltale.lib.clock import Clock

TIMEOUT_S = 2.0
_ON_THEIR_WAY_MOST = 512
_KNOWN_MOST = 2000
_KNOWN_S_MOST = 30.0


class Failed(Exception):
    """No upstream answered in time, or too much is on its way already."""


@dataclass(frozen=True, slots=True)
class _Known:
    message: dns.message.Message
    until: float


class Forwarder:
    """Asks the upstreams in turn, so that a dead one costs its time once and not each time."""

    def __init__(self, upstreams: tuple[str, ...], clock: Clock) -> None:
        self._upstreams = [_parsed(one) for one in upstreams]
        self._clock = clock
        self._known: OrderedDict[tuple[str, str, bool], _Known] = OrderedDict()
        self._on_their_way = 0
        self._first = 0
        self.hits = 0

    async def ask(self, question: Question) -> dns.message.Message:
        """The answer, with the asker's id. Raises `Failed`."""
        key = (question.name.lower(), question.type, question.message.ednsflags != 0)
        known = self._known.get(key)
        if known and known.until > self._clock.monotonic():
            self.hits += 1
            return _for(question, known.message)
        if self._on_their_way >= _ON_THEIR_WAY_MOST:
            raise Failed("too many questions on their way to the upstreams")
        self._on_their_way += 1
        try:
            found = await self._ask(question)
        finally:
            self._on_their_way -= 1
        self._remember(key, found)
        return _for(question, found)

    async def _ask(self, question: Question) -> dns.message.Message:
        query = dns.message.make_query(
            question.name, question.type, use_edns=0, payload=1232,
            want_dnssec=question.message.ednsflags != 0,
        )  # fmt: skip
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._ask_each(query)
        except TimeoutError:
            raise Failed(f"no upstream answered in {TIMEOUT_S:g} s") from None

    async def _ask_each(self, query: dns.message.Message) -> dns.message.Message:
        count = len(self._upstreams)
        share = TIMEOUT_S / count
        for turn in range(count):
            address, port = self._upstreams[(self._first + turn) % count]
            try:
                found, _ = await dns.asyncquery.udp_with_fallback(
                    query, address, share, port, ignore_unexpected=True, ignore_errors=True
                )
            except (dns.exception.DNSException, OSError):
                continue
            self._first = (self._first + turn) % count
            return found
        raise Failed(f"none of {count} upstreams answered")

    def _remember(self, key: tuple[str, str, bool], found: dns.message.Message) -> None:
        if found.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return
        sections = (*found.answer, *found.authority)
        lasts = min([_KNOWN_S_MOST, *(one.ttl for one in sections)])
        self._known[key] = _Known(found, self._clock.monotonic() + lasts)
        if len(self._known) > _KNOWN_MOST:
            self._known.popitem(last=False)


def _for(question: Question, found: dns.message.Message) -> dns.message.Message:
    made = dns.message.make_response(question.message, True, 1232)
    made.set_rcode(found.rcode())
    made.answer, made.authority = found.answer, found.authority
    made.additional = list(found.additional)
    return made


def _parsed(upstream: str) -> tuple[str, int]:
    host, _, port = upstream.partition(":")
    return host, int(port or 53)
