"""What is refused in what a rule does with a request: where it goes, answers, edits. Pure.

Never: retries, faults, copies (`resilience`).
"""

from collections.abc import Sequence
from typing import TypeAlias

from telltale.kube.istio.virtualservice import (
    Body,
    Destination,
    DirectResponse,
    HeaderOperations,
    Headers,
    HttpDestination,
    HttpMatch,
    Redirect,
    RegexRewrite,
    Rewrite,
    TcpDestination,
)
from telltale.lib import re2
from telltale.pilot.intake.routing import formats
from telltale.pilot.intake.routing.found import Found

REDIRECTS = (301, 302, 303, 307, 308)
BODY_MAX = 1 << 20
BODY_LONG = 100_000
_WEIGHTS_MAX = 2**32 - 1
AUTHORITY = ("host", ":authority")
Shares: TypeAlias = list[HttpDestination] | list[TcpDestination]


def destination(found: Found, path: str, one: Destination) -> None:
    if not one.host:
        found.wrong(f"{path}.host", "is empty", "name the service")
    else:
        found.host(f"{path}.host", one.host, wildcard=one.host.rstrip(".") != "*")
    if one.subset and not one.subset.replace("-", "").replace(".", "").replace("_", "").isalnum():
        found.wrong(f"{path}.subset", f"{one.subset!r} is not a subset's name", "use a-z, 0-9, -")
    if one.port is not None and one.port.number is None:
        found.wrong(f"{path}.port", "has no number", "give it one, or leave the port out")


def shares(
    found: Found, path: str, route: Shares
) -> None:
    weights = []
    one: HttpDestination | TcpDestination
    for number in range(len(route)):
        one = route[number]
        destination(found, f"{path}[{number}].destination", one.destination)
        weights.append(one.weight)
    total = sum(weights)
    if len(route) > 1 and not total:
        found.wrong(path, "all weights are 0", "give at least one destination a weight")
    if total > _WEIGHTS_MAX:
        found.wrong(path, f"the weights' sum is {total}", f"keep it up to {_WEIGHTS_MAX}")


def redirect(found: Found, path: str, one: Redirect, matches: Sequence[HttpMatch]) -> None:
    if one.uri and one.prefix_rewrite:
        found.wrong(path, "uri and prefixRewrite are given", "give one of them")
    if one.prefix_rewrite and not _all_prefixes(matches):
        found.wrong(f"{path}.prefixRewrite", "a match has no uri.prefix that it could replace",
                    "match on uri.prefix, or give uri")  # fmt: skip
    if one.port is not None and one.derive_port is not None:
        found.wrong(path, "port and derivePort are given", "give one of them")
    if one.redirect_code and one.redirect_code not in REDIRECTS:
        found.wrong(f"{path}.redirectCode", f"{one.redirect_code} is none that Envoy sends",
                    f"use one of {', '.join(map(str, REDIRECTS))}")  # fmt: skip
    if one.scheme and one.scheme not in ("http", "https"):
        found.wrong(f"{path}.scheme", f"{one.scheme!r} is not a scheme", "use http or https")
    for name in ("uri", "prefix_rewrite", "authority"):
        found.plain(f"{path}.{name}", getattr(one, name))


def _all_prefixes(matches: Sequence[HttpMatch]) -> bool:
    return bool(matches) and all(one.uri and one.uri.prefix for one in matches)


def direct(found: Found, path: str, one: DirectResponse) -> None:
    if one.body is None:
        return
    if one.body.string is not None and one.body.bytes is not None:
        found.wrong(f"{path}.body", "string and bytes are given", "give one of them")
    size = len(_body(found, f"{path}.body", one.body))
    if size > BODY_MAX:
        found.wrong(f"{path}.body", f"is {size} bytes long", f"keep it up to {BODY_MAX}")
    elif size > BODY_LONG:
        found.warn(f"{path}.body", f"is {size} bytes long", "every proxy holds it in memory",
                   "serve it from a workload")  # fmt: skip


def _body(found: Found, path: str, body: Body) -> bytes:
    try:
        return formats.body(body)
    except ValueError:
        found.wrong(f"{path}.bytes", "is not base64", "encode it")
        return b""


def rewrite(found: Found, path: str, one: Rewrite) -> None:
    if one.uri and one.uri_regex_rewrite:
        found.wrong(path, "uri and uriRegexRewrite are given", "give one of them")
    if not (one.uri or one.authority or one.uri_regex_rewrite):
        found.wrong(path, "says nothing", "give uri, uriRegexRewrite or authority")
    if one.uri_regex_rewrite:
        _regex_rewrite(found, f"{path}.uriRegexRewrite", one.uri_regex_rewrite)
    found.plain(f"{path}.uri", one.uri)
    found.plain(f"{path}.authority", one.authority)


def _regex_rewrite(found: Found, path: str, one: RegexRewrite) -> None:
    if not one.match:
        found.wrong(f"{path}.match", "is empty", "give the pattern to replace")
        return
    try:
        known = re2.groups(one.match)
    except re2.NotRe2:
        found.regex(f"{path}.match", one.match)
        return
    if reason := formats.unusable_substitution(one.rewrite, known):
        found.wrong(f"{path}.rewrite", reason, "use \\0 to \\9, and \\\\ for a backslash")
    found.plain(f"{path}.rewrite", one.rewrite)


def headers(found: Found, path: str, given: Headers | None) -> None:
    if given is None:
        return
    for side in ("request", "response"):
        operations: HeaderOperations | None = getattr(given, side)
        if operations is not None:
            _operations(found, f"{path}.{side}", operations, side == "request")


def _operations(found: Found, path: str, given: HeaderOperations, asks: bool) -> None:
    for verb, named in (("set", given.set), ("add", given.add)):
        for name, value in named.items():
            place = f"{path}.{verb}[{name}]"
            if not (asks and name.lower() in AUTHORITY):
                _name(found, place, name)
            found.plain(place, value)
            if name.lower() in AUTHORITY:
                continue  # taken as it stands
            if reason := formats.unusable(value):
                found.wrong(place, reason, "write %% for a percent sign")
    for name in given.remove:
        _name(found, f"{path}.remove[{name}]", name)


def _name(found: Found, path: str, name: str) -> None:
    if name.startswith(":") or name.lower() == "host":
        found.wrong(path, f"{name!r} cannot be changed here",
                    "use rewrite for a request's authority and path")  # fmt: skip
    else:
        found.header(path, name)


def authorities(found: Found, path: str, rewrite: Rewrite | None, given: Headers | None) -> None:
    """A rule, or one destination of it, says at most once what host is asked for."""
    said = ["rewrite.authority"] if rewrite and rewrite.authority else []
    if given and given.request:
        for verb in ("set", "add"):
            named: dict[str, str] = getattr(given.request, verb)
            said += [f"headers.request.{verb}[{name}]" for name in named
                     if name.lower() in AUTHORITY]  # fmt: skip
    if len(said) > 1:
        found.wrong(path, f"the authority is set by {' and by '.join(said)}", "set it once")
