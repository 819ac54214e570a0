"""When a request is tried again. Pure. Never: a route.

A request is tried again (twice, on another host) when it certainly was not served: connect-failure,
refused-stream, unavailable, cancelled, reset-before-request. A safe request (GET, HEAD, OPTIONS,
TRACE: RFC 9110, 9.2.1) also when its connection broke before any answer came: the race between a
keep-alive connection being closed and being used, which a rolling restart brings.
"""

from collections.abc import Iterator

from envoy.config.route.v3.route_components_pb2 import RetryPolicy, Route
from envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2 import PreviousHostsPredicate
from envoy.extensions.retry.priority.previous_priorities.v3.previous_priorities_config_pb2 import (
    PreviousPrioritiesConfig,
)

from telltale.model.route import Retries
from telltale.pilot.envoy.resources import pack
from telltale.pilot.envoy.times import duration

RETRIES = 2
# How often to draw again when the drawn host was tried before. One that fails fast has the fewest
# requests, so LEAST_REQUEST draws it three times of four when there are two. With five draws
# (Istio's number) both retries may hit it: seen as 503s within 400 requests of
# test_safe_requests_survive_a_backend_that_vanishes.
RESELECTIONS = 32
_NOT_SERVED = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
_UNSAFE = f"{_NOT_SERVED},reset-before-request"
_SAFE = f"{_NOT_SERVED},reset"
_CODES = "retriable-status-codes"
PRIORITIES_EVERY = 2  # attempts: then other localities are looked at
_SAFE_METHODS = "GET|HEAD|OPTIONS|TRACE"


def tried_again(route: Route, wanted: Retries | None) -> list[Route]:
    """A route as its owner wants it retried, or else as is safe; one or two of them."""
    if wanted is None:
        return _as_is_safe(route, OUTBOUND)
    if not wanted.attempts:
        return [route]
    if wanted.on or wanted.codes:
        route.route.retry_policy.CopyFrom(_policy(wanted, ",".join(_reasons(wanted))))
        return [route]
    return _as_is_safe(route, (_policy(wanted, _SAFE), _policy(wanted, _UNSAFE)))


def _as_is_safe(route: Route, policies: tuple[RetryPolicy, RetryPolicy]) -> list[Route]:
    """One route where the method is known, and else one for safe methods and one for the rest."""
    for header in route.match.headers:
        if header.name == ":method" and header.string_match.exact:
            safe = header.string_match.exact in _SAFE_METHODS.split("|")
            route.route.retry_policy.CopyFrom(policies[0 if safe else 1])
            return [route]
    return list(by_method(route, policies))


def _reasons(wanted: Retries) -> Iterator[str]:
    yield from wanted.on
    if wanted.codes and _CODES not in wanted.on:
        yield _CODES


def _policy(wanted: Retries, on: str) -> RetryPolicy:
    policy = _retries(on, elsewhere=wanted.other_hosts)
    policy.num_retries.value = wanted.attempts
    policy.retriable_status_codes.extend(wanted.codes)
    if wanted.per_try_s:
        policy.per_try_timeout.CopyFrom(duration(wanted.per_try_s))
    if wanted.backoff_s:
        policy.retry_back_off.base_interval.CopyFrom(duration(wanted.backoff_s))
    if wanted.other_localities:
        priorities = PreviousPrioritiesConfig(update_frequency=PRIORITIES_EVERY)
        policy.retry_priority.name = "envoy.retry_priorities.previous_priorities"
        policy.retry_priority.typed_config.CopyFrom(pack(priorities))
    return policy


def by_method(route: Route, policies: tuple[RetryPolicy, RetryPolicy]) -> Iterator[Route]:
    """The same way twice: safe requests first, for they may be retried more boldly."""
    safe, rest = policies
    first = Route()
    first.CopyFrom(route)
    first.route.retry_policy.CopyFrom(safe)
    method = first.match.headers.add(name=":method")
    method.string_match.safe_regex.regex = _SAFE_METHODS
    yield first
    route.route.retry_policy.CopyFrom(rest)
    yield route


def _retries(on: str, *, elsewhere: bool) -> RetryPolicy:
    policy = RetryPolicy(retry_on=on)
    policy.num_retries.value = RETRIES
    if elsewhere:
        policy.retry_host_predicate.add(
            name="envoy.retry_host_predicates.previous_hosts",
            typed_config=pack(PreviousHostsPredicate()),
        )
        policy.host_selection_retry_max_attempts = RESELECTIONS
    return policy


OUTBOUND = _retries(_SAFE, elsewhere=True), _retries(_UNSAFE, elsewhere=True)
INBOUND = _retries("reset", elsewhere=False), _retries("reset-before-request", elsewhere=False)
