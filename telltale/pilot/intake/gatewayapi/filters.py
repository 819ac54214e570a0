"""Filters into what is done to a request. Pure. Never: where it goes.

A filter that cannot be followed is never skipped: its rule is refused.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from telltale.kube.gatewayapi.filters import (
    CORS,
    GRPCFilter,
    HeaderFilter,
    HTTPFilter,
    PathModifier,
    RequestMirror,
    RequestRedirect,
    URLRewrite,
)
from telltale.model.route import (
    NONE,
    Cors,
    Edits,
    How,
    HttpRoute,
    Match,
    Mirror,
    Redirect,
    Rewrite,
    Text,
)
from telltale.pilot.intake.gatewayapi.subject import UNSUPPORTED, Subject, Wrong
from telltale.pilot.intake.gatewayapi.world import World

Filter: TypeAlias = HTTPFilter | GRPCFilter


@dataclass
class Done:
    """All that the filters of a rule ask for."""

    request: Edits = NONE
    response: Edits = NONE
    mirrors: list[Mirror] = field(default_factory=list)
    redirect: RequestRedirect | None = None
    rewrite: URLRewrite | None = None
    cors: Cors | None = None


def edits(subject: Subject, rule: int, given: Sequence[Filter], field: str) -> tuple[Edits, Edits]:
    """Of one backend's filters: header edits only."""
    done = Done()
    for index, one in enumerate(given):
        if one.type == "RequestHeaderModifier" and one.request_header_modifier:
            done.request = _edits(one.request_header_modifier)
        elif one.type == "ResponseHeaderModifier" and one.response_header_modifier:
            done.response = _edits(one.response_header_modifier)
        else:
            what = f"{one.type} is not supported for one backend"
            place = f"{field}.filters[{index}]"
            subject.refuse(rule, Wrong(UNSUPPORTED, place, what, "put it on the rule"))
    return done.request, done.response


def read(subject: Subject, world: World, rule: int, given: Sequence[Filter]) -> Done:
    done = Done()
    seen: set[str] = set()
    for index, one in enumerate(given):
        place = f"spec.rules[{rule}].filters[{index}]"
        if one.type in seen and one.type != "RequestMirror":
            what = f"a second {one.type}"
            subject.refuse(rule, Wrong("IncompatibleFilters", place, what, "keep one of them"))
        elif not _apply(subject, world, done, (one, place)):
            what = f"{one.type} is not supported, or what belongs to it is missing"
            hint = "use RequestHeaderModifier, ResponseHeaderModifier, RequestMirror"
            if isinstance(one, HTTPFilter):
                hint += ", RequestRedirect, URLRewrite, CORS"
            subject.refuse(rule, Wrong(UNSUPPORTED, place, what, hint))
        seen.add(one.type)
    if done.redirect and done.rewrite:
        place = f"spec.rules[{rule}].filters"
        what = "RequestRedirect and URLRewrite in one rule"
        subject.refuse(rule, Wrong("IncompatibleFilters", place, what, "keep one of them"))
    return done


def _apply(subject: Subject, world: World, done: Done, at: tuple[Filter, str]) -> bool:
    """Whether a filter was followed."""
    one, place = at
    if one.type == "RequestHeaderModifier" and one.request_header_modifier:
        done.request = _edits(one.request_header_modifier)
    elif one.type == "ResponseHeaderModifier" and one.response_header_modifier:
        done.response = _edits(one.response_header_modifier)
    elif one.type == "RequestMirror" and one.request_mirror:
        _mirror(subject, world, done, (one.request_mirror, f"{place}.requestMirror"))
    elif not isinstance(one, HTTPFilter):
        return False
    elif one.type == "RequestRedirect" and one.request_redirect:
        done.redirect = one.request_redirect
    elif one.type == "URLRewrite" and one.url_rewrite:
        done.rewrite = one.url_rewrite
    elif one.type == "CORS" and one.cors:
        done.cors = _cors(one.cors)
    else:
        return False
    return True


def _edits(given: HeaderFilter) -> Edits:
    return Edits(
        tuple((one.name.lower(), one.value) for one in given.set),
        tuple((one.name.lower(), one.value) for one in given.add),
        tuple(name.lower() for name in given.remove),
    )


def _mirror(subject: Subject, world: World, done: Done, at: tuple[RequestMirror, str]) -> None:
    mirror, place = at
    share = 1.0 if mirror.percent is None else mirror.percent / 100
    if mirror.fraction:
        share = mirror.fraction.numerator / (mirror.fraction.denominator or 100)
    destination = world.backend(subject, mirror.backend_ref, f"{place}.backendRef")
    if destination and share:
        done.mirrors.append(Mirror(destination, min(share, 1.0)))


def _cors(given: CORS) -> Cors:
    return Cors(
        origins=tuple(_pattern(one) for one in given.allow_origins),
        methods=tuple(given.allow_methods), headers=tuple(given.allow_headers),
        exposed=tuple(given.expose_headers), max_age_s=given.max_age,
        credentials=given.allow_credentials,
    )  # fmt: skip


def _pattern(origin: str) -> Text:
    """`*`, `https://*.example.com` or an origin as it is."""
    if "*" not in origin:
        return Text(How.EXACT, origin)
    return Text(How.REGEX, ".*".join(re.escape(part) for part in origin.split("*")))


def placed(route: HttpRoute, done: Done) -> Iterator[HttpRoute]:
    """A route of one match with its path changed: two, where one change cannot say it."""
    for match, path in _changes(route.matches[0], modifier(done)):
        changed = replace(route, matches=(match,))
        if done.redirect:
            yield replace(changed, redirect=_redirect(done.redirect, path))
        elif done.rewrite:
            yield replace(changed, rewrite=_rewrite(done.rewrite, path))
        else:
            yield changed


def modifier(done: Done) -> PathModifier | None:
    if done.redirect:
        return done.redirect.path
    return done.rewrite.path if done.rewrite else None


@dataclass(frozen=True, slots=True)
class Path:
    """`whole` takes the place of the path, `prefix` of what was matched of it."""

    whole: str | None = None
    prefix: str | None = None


def _changes(match: Match, modifier: PathModifier | None) -> Iterator[tuple[Match, Path]]:
    """What becomes of a path. `/a` to `/` must make `/` of `/a`, and of `/a/b` not `//b`."""
    if modifier is None:
        yield match, Path()
    elif modifier.type == "ReplaceFullPath":
        yield match, Path(whole=modifier.replace_full_path or "/")
    else:
        prefix = (modifier.replace_prefix_match or "").rstrip("/")
        matched = match.path or Text(How.PREFIX, "/")
        if matched.how is How.PREFIX:
            yield match, Path(prefix=f"{prefix}/")
        elif prefix or matched.how is not How.PATH:
            yield match, Path(prefix=prefix or "/")
        else:
            yield replace(match, path=Text(How.EXACT, matched.value)), Path(whole="/")
            below = Text(How.PREFIX, f"{matched.value}/")
            yield replace(match, path=below), Path(prefix="/")


def _redirect(given: RequestRedirect, path: Path) -> Redirect:
    return Redirect(
        path=path.whole or "", prefix=path.prefix or "", authority=given.hostname or "",
        scheme=given.scheme or "", port=given.port or 0, code=given.status_code,
        port_as_dialled=not (given.port or given.scheme),
    )  # fmt: skip


def _rewrite(given: URLRewrite, path: Path) -> Rewrite:
    if path.whole is not None:
        substitution = path.whole.replace("\\", "\\\\")
        return Rewrite(None, given.hostname or "", "^/.*$", substitution)
    return Rewrite(path.prefix, given.hostname or "")
