"""The rules of HTTPRoutes and GRPCRoutes into routes of one match each. Pure. Never: for whom."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from telltale.kube.gatewayapi import routes as api
from telltale.kube.gatewayapi.message import SessionPersistence
from telltale.model.route import Direct, HttpRoute, Match, Retries
from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.gatewayapi import backends, filters, matches, sound
from telltale.pilot.intake.gatewayapi.matches import Rank
from telltale.pilot.intake.gatewayapi.subject import UNSUPPORTED, Subject, Wrong
from telltale.pilot.intake.gatewayapi.world import World

NOT_SERVED = Direct(500)
ATTEMPTS = 2  # the mesh's own number of retries


@dataclass(frozen=True, slots=True)
class Ruled:
    """A route with one match; of several that match, the one with the smallest rank is taken."""

    rank: Rank
    route: HttpRoute


def http(subject: Subject, world: World, spec: api.HTTPRoute) -> list[Ruled]:
    found: list[Ruled] = []
    for index, rule in enumerate(spec.rules):
        done = filters.read(subject, world, index, rule.filters)
        _expect_no_session(subject, index, rule.session_persistence)
        given = rule.matches or [api.HTTPMatch()]
        for number, match in enumerate(given):
            _expect_prefix(subject, index, (number, match), done)
        route = _route(subject, world, index, rule)
        timeout, retries = _patience(rule)
        route = replace(route, timeout_s=timeout, retries=retries)
        asked = [matches.http(one) for one in given]
        sound.matches(subject, index, asked)
        sound.redirect(subject, index, done.redirect)
        found += _ruled(subject, index, route, (asked, done))
    return found


def grpc(subject: Subject, world: World, spec: api.GRPCRoute) -> list[Ruled]:
    found: list[Ruled] = []
    for index, rule in enumerate(spec.rules):
        done = filters.read(subject, world, index, rule.filters)
        _expect_no_session(subject, index, rule.session_persistence)
        given = [matches.grpc(one) for one in rule.matches] or [Match()]
        sound.matches(subject, index, given)
        found += _ruled(subject, index, _route(subject, world, index, rule), (given, done))
    return found


def _route(
    subject: Subject, world: World, index: int, rule: api.HTTPRule | api.GRPCRule
) -> HttpRoute:
    origin = subject.origin
    return HttpRoute(
        name=f"{origin.namespace}.{origin.name}.{rule.name or index}",
        shares=backends.shares(subject, world, index, rule.backend_refs),
        origin=origin,
    )


def _ruled(
    subject: Subject, index: int, route: HttpRoute, at: tuple[list[Match], filters.Done]
) -> Iterator[Ruled]:
    given, done = at
    refused = index in subject.refused
    if refused:
        route = HttpRoute(name=route.name, origin=route.origin, direct=NOT_SERVED)
        done = filters.Done()
    elif done.redirect:
        route = replace(route, shares=(), timeout_s=None, retries=None)
    elif not route.shares:
        route = HttpRoute(name=route.name, origin=route.origin, direct=NOT_SERVED)
        done = filters.Done(response=done.response)
    route = replace(
        route, request=done.request, response=done.response, mirrors=tuple(done.mirrors),
        cors=done.cors,
    )  # fmt: skip
    for match in given:
        if refused and not sound.servable(match):
            continue
        for one in filters.placed(replace(route, matches=(match,)), done):
            yield Ruled(matches.rank(match), one)


def _patience(rule: api.HTTPRule) -> tuple[float | None, Retries | None]:
    """How long for the whole, and how often and how long for each try."""
    times = rule.timeouts or api.Timeouts()
    whole, single = seconds(times.request), seconds(times.backend_request)
    retry = rule.retry
    if retry is None and not single:
        return whole, None
    attempts = ATTEMPTS
    if retry is not None and retry.attempts is not None:
        attempts = max(retry.attempts, 0)
    return whole, Retries(
        attempts, per_try_s=single or None, codes=tuple(retry.codes) if retry else (),
        backoff_s=seconds(retry.backoff) if retry else None,
    )  # fmt: skip


def _expect_no_session(subject: Subject, index: int, given: SessionPersistence | None) -> None:
    if given is not None:
        what = "sessionPersistence is not supported"
        hint = "use a DestinationRule with consistentHash for the Service"
        place = f"spec.rules[{index}].sessionPersistence"
        subject.refuse(index, Wrong(UNSUPPORTED, place, what, hint))


def _expect_prefix(
    subject: Subject, index: int, at: tuple[int, api.HTTPMatch], done: filters.Done
) -> None:
    number, match = at
    changed = filters.modifier(done)
    replaces = changed is not None and changed.type == "ReplacePrefixMatch"
    if replaces and match.path.type != "PathPrefix":
        what = f"ReplacePrefixMatch needs a PathPrefix to replace, this is {match.path.type}"
        place = f"spec.rules[{index}].matches[{number}].path"
        subject.refuse(index, Wrong(UNSUPPORTED, place, what, "match by PathPrefix"))
