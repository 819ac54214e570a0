"""What Envoy would refuse in a match or a redirect, told of the rule that asks for it. Pure.

One such match would cost a whole route table; so its rule is refused. A cluster's own definitions
refuse most of it before (the API's CEL rules); objects from files have met none.
"""

from collections.abc import Iterator

from telltale.kube.gatewayapi.filters import RequestRedirect
from telltale.lib import re2
from telltale.model.route import How, Match, Text
from telltale.pilot.intake.gatewayapi.subject import UNSUPPORTED, Subject, Wrong

CODES = (301, 302, 303, 307, 308)
_NEVER = ("//", "/./", "/../", "%2f", "%2F", "#", "?")


def matches(subject: Subject, rule: int, given: list[Match]) -> None:
    for index, match in enumerate(given):
        place = f"spec.rules[{rule}].matches[{index}]"
        for field, text in _texts(match):
            if wrong := _wrong(field, text):
                what, hint = wrong
                subject.refuse(rule, Wrong(UNSUPPORTED, f"{place}.{field}", what, hint))


def servable(match: Match) -> bool:
    """Whether Envoy can match it at all, if only to answer that it is not served."""
    return not any(_wrong(field, text) for field, text in _texts(match))


def redirect(subject: Subject, rule: int, given: RequestRedirect | None) -> None:
    if given and given.status_code not in CODES:
        place = f"spec.rules[{rule}].filters.requestRedirect.statusCode"
        what = f"{given.status_code} is not a redirect"
        hint = f"use one of {', '.join(str(code) for code in CODES)}"
        subject.refuse(rule, Wrong(UNSUPPORTED, place, what, hint))


def _texts(match: Match) -> Iterator[tuple[str, Text]]:
    if match.path:
        yield "path", match.path
    yield from (("headers", one.text) for one in match.headers)
    yield from (("queryParams", one.text) for one in match.query)


def _wrong(field: str, text: Text) -> tuple[str, str] | None:
    if text.how is How.REGEX:
        if why := re2.unusable(text.value):
            return f"{text.value!r}: {why}", "write it as RE2 has it"
    elif field == "path" and not text.value.startswith("/"):
        return f"{text.value!r} does not begin with /", "write the path from its beginning"
    elif field == "path" and (found := [one for one in _NEVER if one in text.value]):
        return f"{text.value!r} has {found[0]!r}, which no path has", "write the path as it is sent"
    return None
