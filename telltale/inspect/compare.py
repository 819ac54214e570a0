"""What the pilot would have a proxy hold against what it holds, kind by kind. Pure.

Never: why they differ; a proxy that was just told something may be a moment behind.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telltale.inspect.dump import Dump, text
from telltale.kube import codec
from telltale.kube.codec import Object


@dataclass(frozen=True, slots=True)
class Compared:
    """`difference` is a unified diff, no lines when they match."""

    kind: str
    difference: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} Don't Match" if self.difference else f"{self.kind} Match"


def compare(meant: Dump, held: Dump) -> tuple[Compared, ...]:
    """What the proxy has of its own, from its bootstrap, is nothing that a pilot knows."""
    return (
        _compared("Clusters", meant.clusters, _told(held, "ClustersConfigDump", held.clusters)),
        _compared("Listeners", meant.listeners, _told(held, "ListenersConfigDump", held.listeners)),
        _compared("Routes", *_asked(meant.routes, _told(held, "RoutesConfigDump", held.routes))),
    )


def _told(held: Dump, section: str, known: tuple[Object, ...]) -> tuple[Object, ...]:
    """All but those that stand in the bootstrap, or in a listener."""
    static = [one for key, one in held.section(section).items() if key.startswith("static_")]
    inner = {
        id(value)
        for entries in static if isinstance(entries, list)
        for entry in entries if isinstance(entry, dict)
        for value in entry.values()
    }  # fmt: skip
    return tuple(one for one in known if id(one) not in inner)


def _asked(
    meant: tuple[Object, ...], held: tuple[Object, ...]
) -> tuple[tuple[Object, ...], tuple[Object, ...]]:
    """A proxy holds only the tables that its listeners name."""
    names = {text(one, "name") for one in held}
    return tuple(one for one in meant if text(one, "name") in names), held


def _compared(kind: str, meant: tuple[Object, ...], held: tuple[Object, ...]) -> Compared:
    left, right = list(_lines(meant)), list(_lines(held))
    found = difflib.unified_diff(left, right, f"Pilot {kind}", f"Envoy {kind}", lineterm="")
    return Compared(kind, tuple(found))


def _lines(known: Iterable[Object]) -> Iterator[str]:
    for one in sorted(known, key=lambda one: text(one, "name")):
        yield from codec.pretty(_plain(one)).splitlines()


def _plain(one: Object) -> Object:
    """In one spelling: its keys in order, and without what only says what holds anyhow."""
    return {key: _value(value) for key, value in sorted(one.items()) if key != "@type"}


def _value(value: codec.Json) -> codec.Json:
    if isinstance(value, dict):
        return {key: _value(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [_value(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
