"""When a request is tried again. Pure. Never: a route.

A request is tried again (twice, on another host) when it certainly was not served: connect-failure,
refused-stream, unavailable, cancelled, reset-before-request. A safe request (GET, HEAD, OPTIONS,
TRACE: RFC 9110, 9.2.1) also when its connection broke before any answer came: the race between a
keep-alive connection being closed and being used, which a rolling restart brings.
"""

from collections.abc import Iterator

from envoy.config.route.v3.route_components_pb2 import RetryPolicy, Route
from envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2 import PreviousHostsPredicate

from telltale.pilot.envoy.resources import pack

RETRIES = 2
# How often to draw again when the drawn host was tried before. One that fails fast has the fewest
# requests, so LEAST_REQUEST draws it three times of four when there are two. With five draws
# (Istio's number) both retries may hit it: seen as 503s within 400 requests of
# test_safe_requests_survive_a_backend_that_vanishes.
RESELECTIONS = 32
_NOT_SERVED = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
_UNSAFE = f"{_NOT_SERVED},reset-before-request"
_SAFE = f"{_NOT_SERVED},reset"
_SAFE_METHODS = "GET|HEAD|OPTIONS|TRACE"


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
