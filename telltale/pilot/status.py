"""Who is connected, and which version of what each was sent, accepted and rejected.

Fed by the doors, read by the debug pages and by `why`. Never: a decision.
"""

from dataclasses import dataclass, field
from datetime import datetime

from telltale.lib.clock import Clock
from telltale.model.workload import Proxy
from telltale.pilot.metrics import Metrics
from telltale.pilot.rejections import Rejection
from telltale.pilot.xds.order import SHORT, TYPES
from telltale.pilot.xds.resource import Resource
from telltale.pilot.xds.stream import Accepted, Action, Rejected, Send, Stream

KEPT = "kept"


@dataclass
class TypeStatus:
    """One type at one proxy; nonces as Istio shows them, versions as contents have them.

    `error` is the client's last refusal, for as long as something is withheld because of it.
    """

    sent: str = ""
    acked: str = ""
    sent_version: str = ""
    acked_version: str = ""
    sent_at: datetime | None = None
    sent_tick: float = 0.0
    error: str = ""
    rejected: int = 0


@dataclass
class Connection:
    id: str
    proxy: Proxy
    peer: str
    connected_at: datetime
    stream: Stream
    types: dict[str, TypeStatus] = field(default_factory=dict)

    def known(self) -> dict[str, TypeStatus]:
        """By type, where it stands. What a proxy brought along from an earlier stream and was right
        still is told as acknowledged: it was asked for, and there was nothing to say.
        """
        kept = {
            type_url: TypeStatus(sent=KEPT, acked=KEPT)
            for type_url, watch in self.stream.watches.items()
            if watch.base.resources and not watch.pending
        }
        return kept | self.types


class Status:
    """The connections of now, by id."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self.metrics = metrics
        self.connections: dict[str, Connection] = {}

    def opened(self, connection: Connection) -> None:
        self.connections[connection.id] = connection
        self.metrics.connected.labels(connection.proxy.version).inc()

    def closed(self, id: str) -> Connection | None:
        connection = self.connections.pop(id, None)
        if connection:
            self.metrics.connected.labels(connection.proxy.version).dec()
        return connection

    def note(self, id: str, action: Action, size: int) -> None:
        connection = self.connections.get(id)
        if connection is None:
            return
        match action:
            case Send():
                self._sent(connection, action, size)
            case Accepted(type, version, nonce):
                status = connection.types[type]
                status.acked, status.acked_version = nonce, version
                if not connection.stream.withheld(type):
                    status.error = ""
                waited = self._clock.monotonic() - status.sent_tick
                self.metrics.push_time.labels(SHORT[type]).observe(waited)
            case Rejected(type, _, _, error):
                connection.types[type].error = error
                connection.types[type].rejected += 1
                self.metrics.rejects.labels(SHORT[type]).inc()

    def rejections(self) -> list[Rejection]:
        """What is withheld from any proxy, each with those that have refused it."""
        found: dict[tuple[str, str, str], tuple[Resource, str, list[str]]] = {}
        for one in self.connections.values():
            for type_url in TYPES:
                for resource, error in one.stream.withheld(type_url):
                    key = type_url, resource.name, resource.version
                    found.setdefault(key, (resource, error, []))[2].append(one.proxy.workload.key)
        return [
            Rejection(type_url, resource, error, tuple(sorted(proxies)))
            for (type_url, *_), (resource, error, proxies) in found.items()
        ]

    def _sent(self, connection: Connection, send: Send, size: int) -> None:
        status = connection.types.setdefault(send.type, TypeStatus())
        status.sent, status.sent_version = send.nonce, send.version
        status.sent_at, status.sent_tick = self._clock.now(), self._clock.monotonic()
        kind = SHORT[send.type]
        self.metrics.pushes.labels(kind).inc()
        self.metrics.sizes.labels(kind).observe(size)
