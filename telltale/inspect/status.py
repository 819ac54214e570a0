"""Who is connected to the pilots and how far each has got, in rows. Pure.

From the pages `/debug/syncz`. Never: whether that is bad.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from telltale.inspect.dump import an_object, objects, text
from telltale.inspect.rows import Row, Table
from telltale.kube.codec import Json, Object

TYPES = {
    "type.googleapis.com/envoy.config.cluster.v3.Cluster": "CDS",
    "type.googleapis.com/envoy.config.listener.v3.Listener": "LDS",
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment": "EDS",
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration": "RDS",
    "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig": "ECDS",
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret": "SDS",
}
_BRIEF = ("NAME", "CLUSTER", "ISTIOD", "VERSION", "SUBSCRIBED TYPES")


class Sync(StrEnum):
    """How one type stands at one proxy."""

    SYNCED = "SYNCED"
    STALE = "STALE"  # sent, not answered yet
    NOT_SENT = "NOT SENT"
    ERROR = "ERROR"  # rejected: the proxy keeps what it had
    IGNORED = "IGNORED"  # never asked for


@dataclass(frozen=True, slots=True)
class Client:
    """A proxy, as one pilot sees it."""

    pilot: str
    entry: Object

    @property
    def name(self) -> str:
        return text(self.entry, "proxy")

    def sync(self, type_url: str) -> Sync:
        found = an_object(an_object(self.entry.get("resources")).get(type_url))
        if not found:
            return Sync.IGNORED
        if text(found, "lastError"):
            return Sync.ERROR
        if not text(found, "sent"):
            return Sync.NOT_SENT
        return Sync.SYNCED if found.get("sent") == found.get("acked") else Sync.STALE

    def error(self, type_url: str) -> str:
        found = an_object(an_object(self.entry.get("resources")).get(type_url))
        return " ".join(text(found, "lastError").split())

    @property
    def subscribed(self) -> tuple[str, ...]:
        return tuple(one for one in TYPES if self.sync(one) is not Sync.IGNORED)


def clients(pilot: str, page: Json) -> Iterator[Client]:
    """A page of Istio's is the same, but for what it leaves out."""
    for entry in objects(page):
        yield Client(pilot, entry)


def table(known: Iterable[Client], *, wide: bool = False) -> Table:
    """`wide`: a column a type instead of their names."""
    ordered = sorted(known, key=lambda one: (one.name.partition(".")[::-1], one.pilot))
    titles = (*_BRIEF[:4], *TYPES.values()) if wide else _BRIEF
    return Table(titles, tuple(Row(_cells(one, wide=wide), one.entry) for one in ordered))


def _cells(one: Client, *, wide: bool) -> tuple[str, ...]:
    named = (
        one.name, text(one.entry, "cluster_id"), one.pilot,
        text(one.entry, "istio_version") or text(one.entry, "proxy_version"),
    )  # fmt: skip
    if wide:
        return (*named, *(one.sync(kind) for kind in TYPES))
    types = [TYPES[kind] for kind in one.subscribed]
    return (*named, f"{len(types)} ({','.join(types)})")


def rejections(known: Iterable[Client]) -> list[str]:
    """One line for each type that a proxy rejects, in Envoy's own words."""
    return [
        f"{one.name} rejects {TYPES[kind]}: {one.error(kind)}"
        for one in known for kind in TYPES if one.sync(kind) is Sync.ERROR
    ]  # fmt: skip
