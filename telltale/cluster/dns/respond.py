"""From a query's bytes to an answer's: the cluster's names at once, others by way of an upstream.

Never: sockets. An answer for cluster names is kept as bytes until anything changes.
"""

from collections import Counter
from collections.abc import Awaitable

from telltale.cluster.dns import names, wire
from telltale.cluster.dns.forward import Failed, Forwarder
from telltale.cluster.dns.names import Answer, Zone
from telltale.cluster.dns.settings import Settings
from telltale.cluster.dns.wire import Question

_KEPT_MOST = 4096
_RCODE = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")


class Responder:
    def __init__(self, settings: Settings, zone: Zone, forwarder: Forwarder | None) -> None:
        self._inner = tuple(f".{one}." for one in settings.inner)
        self._zone = zone
        self._forwarder = forwarder
        self._kept: dict[bytes, bytes] = {}
        self._kept_at = zone.serial
        self._turn = 0
        self.counts: Counter[str] = Counter()

    def respond(self, data: bytes, *, udp: bool) -> bytes | Awaitable[bytes] | None:
        """The bytes to send back, or what to wait for; None: no answer."""
        if self._kept_at != self._zone.serial:
            self._kept.clear()
            self._kept_at = self._zone.serial
        kept = self._kept.get(data[2:]) if udp else None
        if kept is not None:
            return self._counted(data[:2] + kept)
        question = wire.read(data)
        if not isinstance(question, Question):
            return self._counted(question) if question else None
        found = self._own(question)
        if found is None:
            return self._outside(question, udp=udp)
        if found.records and found.records[-1].type == "CNAME" and self._forwarder:
            return self._completed(question, found, udp=udp)
        self._turn += 1
        made = wire.write(question, found, udp=udp, turn=self._turn)
        if udp and len(found.records) < 2:
            if len(self._kept) >= _KEPT_MOST:  # cookies make each query of dig another one
                self._kept.clear()
            self._kept[data[2:]] = made[2:]
        return self._counted(made)

    def _own(self, question: Question) -> Answer | None:
        """The answer if it is ours to give; without an upstream every answer is."""
        found = names.answer(self._zone, question.name, question.type)
        if found is not None:
            return found
        lower = f".{question.name.lower()}"
        if self._forwarder is None or lower.endswith(self._inner):
            return names.nobody()
        return None

    async def _outside(self, question: Question, *, udp: bool) -> bytes:
        assert self._forwarder
        self.counts["forwarded"] += 1
        try:
            found = await self._forwarder.ask(question)
        except Failed:
            return self._counted(wire.failure(question))
        return self._counted(wire.fit(found, question.room if udp else 65535))

    async def _completed(self, question: Question, found: Answer, *, udp: bool) -> bytes:
        """An ExternalName outside: the alias is ours, what it stands for is the upstream's."""
        assert self._forwarder
        beyond = wire.question(found.records[-1].data, question.type)
        try:
            rest = await self._forwarder.ask(beyond)
        except Failed:
            return self._counted(wire.failure(question))
        return self._counted(wire.joined(question, found, rest, udp=udp))

    def _counted(self, made: bytes) -> bytes:
        code = made[3] & 0x0F
        self.counts[_RCODE[code] if code < len(_RCODE) else "other"] += 1
        return made
