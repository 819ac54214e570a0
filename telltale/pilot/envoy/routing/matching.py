"""What a request must be, in Envoy's words. Pure. Never: what is done with it.

Who asks, and on which port, is judged before, for the class of clients at hand.
"""

from collections.abc import Iterator

from envoy.config.route.v3.route_components_pb2 import (
    HeaderMatcher,
    QueryParameterMatcher,
    Route,
    RouteMatch,
)
from envoy.type.matcher.v3.string_pb2 import StringMatcher

from telltale.model.route import How, Match, Named, Text

_ANY = Text(How.PREFIX, "/")


def request(match: Match) -> RouteMatch:
    found = RouteMatch()
    _path(found, match.path or _ANY)
    found.headers.extend(_header(one) for one in _headers(match))
    found.query_parameters.extend(_parameter(one) for one in match.query)
    return found


def every(route: Route) -> bool:
    """Whether a route takes every request."""
    return any(route.match == one for one in _EVERY)


def string(text: Text) -> StringMatcher:
    """PRESENT has no such form: it is for its owner to say."""
    found = StringMatcher(ignore_case=text.ignore_case)
    match text.how:
        case How.EXACT:
            found.exact = text.value
        case How.PREFIX:
            found.prefix = text.value
        case _:
            found.safe_regex.regex = text.value
    return found


def _path(found: RouteMatch, path: Text) -> None:
    whole = path.value.rstrip("/")
    match path.how:
        case How.EXACT:
            found.path = path.value
        case How.REGEX:
            found.safe_regex.regex = path.value
        case How.PATH if whole:
            found.path_separated_prefix = whole
        case _:
            found.prefix = path.value or "/"
    if path.ignore_case and path.how is not How.REGEX:
        found.case_sensitive.value = False


def _headers(match: Match) -> Iterator[Named]:
    yield from match.headers
    for name, text in ((":method", match.method), (":scheme", match.scheme),
                       (":authority", match.authority)):  # fmt: skip
        if text is not None:
            yield Named(name, text)


def _header(named: Named) -> HeaderMatcher:
    found = HeaderMatcher(name=named.name, invert_match=named.inverted)
    if named.text.how is How.PRESENT:
        found.present_match = True
    else:
        found.string_match.CopyFrom(string(named.text))
        # Without this a header that is absent would not even be different.
        found.treat_missing_header_as_empty = named.inverted
    return found


def _parameter(named: Named) -> QueryParameterMatcher:
    found = QueryParameterMatcher(name=named.name)
    if named.text.how is How.PRESENT:
        found.present_match = True
    else:
        found.string_match.CopyFrom(string(named.text))
    return found


_EVERY = request(Match()), request(Match(path=Text(How.REGEX, ".*")))
