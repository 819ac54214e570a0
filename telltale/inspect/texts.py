"""Envoy's matchers of text: strings, headers, query parameters against a request. Pure.

The rules are those of envoy/type/matcher/v3/string.proto and HeaderMatcher. Regular expressions are
RE2's in Envoy and Python's here: what only RE2 knows is said to be undecided. Never: a route.
"""

import re
from typing import Any, TypeAlias

from telltale.inspect.request import Request

Message: TypeAlias = Any  # the protobuf library's classes have no types


class Undecided(Exception):
    """Something that cannot be judged from here; the message names it."""


def string(matcher: Message, value: str) -> bool:
    """A StringMatcher."""
    kind = matcher.WhichOneof("match_pattern")
    if kind == "safe_regex":
        return regex(matcher.safe_regex.regex, value)
    wanted = str(getattr(matcher, kind or "exact"))
    if matcher.ignore_case:
        wanted, value = wanted.lower(), value.lower()
    match kind:
        case "exact":
            return value == wanted
        case "prefix":
            return value.startswith(wanted)
        case "suffix":
            return value.endswith(wanted)
        case "contains":
            return wanted in value
        case _:
            raise Undecided(f"a string matcher of kind {kind}")


def regex(pattern: str, value: str) -> bool:
    """The whole value, as Envoy asks."""
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error as error:
        raise Undecided(f"the regular expression {pattern!r} ({error})") from error


def header(matcher: Message, request: Request) -> bool:
    """A HeaderMatcher. Of several values one is enough, each looked at by itself.

    One that inverts a comparison does not hold for a header that is missing.
    """
    values = request.header(matcher.name.lower())
    kind = matcher.WhichOneof("header_match_specifier")
    if kind in (None, "present_match"):
        present = bool(values) or matcher.treat_missing_header_as_empty
        wanted = matcher.present_match if kind else True
        return (present == wanted) is not matcher.invert_match
    if not values and not matcher.treat_missing_header_as_empty:
        return False
    found = any(_compare(matcher, kind, one) for one in values or ("",))
    return found is not bool(matcher.invert_match)


def _compare(matcher: Message, kind: str, value: str) -> bool:
    match kind:
        case "string_match":
            return string(matcher.string_match, value)
        case "range_match":
            try:
                return bool(matcher.range_match.start <= int(value) < matcher.range_match.end)
            except ValueError:
                return False
        case _:
            raise Undecided(f"a header matcher of kind {kind}")


def query(matcher: Message, request: Request) -> bool:
    """A QueryParameterMatcher."""
    value = request.query.get(matcher.name)
    if matcher.WhichOneof("query_parameter_match_specifier") == "string_match":
        return value is not None and string(matcher.string_match, value)
    return (value is not None) == (matcher.present_match or not matcher.ByteSize())
