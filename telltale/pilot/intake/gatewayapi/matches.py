"""What a rule matches, and which of several that match is taken. Pure. Never: what is done then.

A rank is compared as the specification demands, the smallest first: an exact path before the
longest prefix before a pattern; then a method, the most headers, the most query parameters.
"""

import re
from typing import TypeAlias

from telltale.kube.gatewayapi.routes import (
    GRPCMatch,
    GRPCMethodMatch,
    HeaderMatch,
    HTTPMatch,
    HTTPPathMatch,
    QueryParamMatch,
)
from telltale.model.route import How, Match, Named, Text

Rank: TypeAlias = tuple[int, ...]

_ORDER = (How.EXACT, How.PATH, How.PREFIX, How.REGEX)


def http(match: HTTPMatch) -> Match:
    return Match(
        path=_path(match.path),
        method=Text(How.EXACT, match.method) if match.method else None,
        headers=_headers(match.headers),
        query=_distinct([(one.name, one) for one in match.query_params]),
    )


def grpc(match: GRPCMatch) -> Match:
    return Match(path=_call(match.method), headers=_headers(match.headers))


def rank(match: Match) -> Rank:
    """Where a match stands among others of its host."""
    path = match.path or Text(How.PREFIX, "/")
    how = 1 if path.how in (How.PATH, How.PREFIX) else _ORDER.index(path.how)
    return (
        how, -len(path.value), not match.method, -len(match.headers), -len(match.query),
    )  # fmt: skip


def _path(path: HTTPPathMatch) -> Text:
    if path.type == "Exact":
        return Text(How.EXACT, path.value)
    if path.type == "RegularExpression":
        return Text(How.REGEX, path.value)
    value = path.value.rstrip("/")
    return Text(How.PATH, value) if value else Text(How.PREFIX, "/")


def _headers(given: list[HeaderMatch]) -> tuple[Named, ...]:
    return _distinct([(one.name.lower(), one) for one in given])


def _distinct(
    given: list[tuple[str, HeaderMatch]] | list[tuple[str, QueryParamMatch]],
) -> tuple[Named, ...]:
    """Of several for one name the first holds; the rest must be ignored."""
    found: dict[str, Named] = {}
    for name, one in given:
        how = How.REGEX if one.type == "RegularExpression" else How.EXACT
        found.setdefault(name, Named(name, Text(how, one.value)))
    return tuple(found.values())


def _call(method: GRPCMethodMatch | None) -> Text | None:
    """A gRPC method as the path that it is: `/SERVICE/METHOD`."""
    if method is None or not (method.service or method.method):
        return None
    exact = method.type == "Exact"
    if exact and method.service and method.method:
        return Text(How.EXACT, f"/{method.service}/{method.method}")
    if exact and method.service:
        return Text(How.PREFIX, f"/{method.service}/")
    service = method.service or "[^/]+"
    called = method.method or "[^/]+"
    if exact:
        called = re.escape(called)
    return Text(How.REGEX, f"/{service}/{called}")
