"""Rules that one VirtualService hands over to another: the other's rules, narrowed, in their place.

Pure. One level only. What the one who hands over says of a rule holds where the other says nothing;
the other can match less than was handed to it, never more. Never: hosts, or who sees them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from telltale.model.route import Client, Edits, How, HttpRoute, Match, Named, Text
from telltale.model.scope import Origin, Scope

_INHERITED = ("rewrite", "timeout_s", "retries", "mirrors", "cors")


@dataclass(frozen=True, slots=True)
class Delegate:
    """A VirtualService without hosts: rules for others to take."""

    origin: Origin
    scope: Scope
    http: tuple[HttpRoute, ...]


def merged(root: HttpRoute, delegate: Delegate) -> Iterator[tuple[int, HttpRoute | None]]:
    """Each rule of a delegate with its number as the root lets it be; None: it cannot be."""
    for number, rule in enumerate(delegate.http):
        matches = _crossed(root.matches, rule.matches)
        yield number, None if matches is None else _laid(root, rule, matches)


def _laid(root: HttpRoute, rule: HttpRoute, matches: tuple[Match, ...]) -> HttpRoute:
    said = {name: getattr(rule, name) or getattr(root, name) for name in _INHERITED}
    fault = rule if rule.delay or rule.abort else root
    edits = rule if rule.request != Edits() or rule.response != Edits() else root
    return replace(
        rule, name=_joined(root.name, rule.name), matches=matches,
        delay=fault.delay, abort=fault.abort, request=edits.request, response=edits.response,
        **said,
    )  # fmt: skip


def _crossed(root: tuple[Match, ...], rule: tuple[Match, ...]) -> tuple[Match, ...] | None:
    """Every match of a rule within every one of the root's that it fits; None: one fits nowhere."""
    if not (root and rule):
        return root or rule
    found: list[Match] = []
    for inner in rule:
        fitting = [one for outer in root if (one := _within(outer, inner))]
        if not fitting:
            return None
        found += fitting
    return tuple(found)


def _within(outer: Match, inner: Match) -> Match | None:
    """What both ask for, if the inner one asks for no more than the outer allows."""
    pairs = ((getattr(outer, name), getattr(inner, name))
             for name in ("path", "scheme", "method", "authority"))  # fmt: skip
    if not all(_narrows(wide, narrow) for wide, narrow in pairs):
        return None
    headers = _named(outer.headers, inner.headers)
    query = _named(outer.query, inner.query)
    client = _client(outer.client, inner.client)
    ports = {outer.port, inner.port} - {0}
    if headers is None or query is None or client is None or len(ports) > 1:
        return None
    return Match(
        name=_joined(outer.name, inner.name),
        path=inner.path or outer.path, scheme=inner.scheme or outer.scheme,
        method=inner.method or outer.method, authority=inner.authority or outer.authority,
        headers=headers, query=query, port=max(ports, default=0), client=client,
        stat_prefix=inner.stat_prefix or outer.stat_prefix,
    )  # fmt: skip


def _narrows(outer: Text | None, inner: Text | None) -> bool:
    if outer is None or inner is None or outer.how is How.PRESENT or outer == inner:
        return True
    if outer.ignore_case != inner.ignore_case or How.REGEX in (outer.how, inner.how):
        return False
    wide, narrow = outer.value, inner.value
    if outer.ignore_case:
        wide, narrow = wide.lower(), narrow.lower()
    if outer.how is How.EXACT:
        return inner.how is How.EXACT and narrow == wide
    return inner.how in (How.EXACT, How.PREFIX) and narrow.startswith(wide)


def _named(outer: tuple[Named, ...], inner: tuple[Named, ...]) -> tuple[Named, ...] | None:
    """What must not be is asked for by both; of what must be, the inner is the narrower."""
    asked = {one.name: one for one in inner if not one.inverted}
    kept: list[Named] = []
    for one in outer:
        own = None if one.inverted else asked.get(one.name)
        if own is None:
            kept.append(one)
        elif not _narrows(one.text, own.text):
            return None
    return tuple(dict.fromkeys((*kept, *inner)))


def _client(outer: Client, inner: Client) -> Client | None:
    labels = dict(outer.labels)
    if any(labels.get(key, value) != value for key, value in inner.labels):
        return None
    if outer.namespace and inner.namespace not in ("", outer.namespace):
        return None
    if outer.gateways and not set(inner.gateways) <= set(outer.gateways):
        return None
    return Client(
        tuple(sorted({**labels, **dict(inner.labels)}.items())),
        inner.namespace or outer.namespace, inner.gateways or outer.gateways,
    )  # fmt: skip


def _joined(outer: str, inner: str) -> str:
    return "-".join(one for one in (outer, inner) if one)

