"""What is refused in a rule's retries, faults, copies of requests and CORS. Pure."""

from telltale.kube.istio.virtualservice import Abort, CorsPolicy, Delay, Fault, HttpRoute, Retry
from telltale.pilot.intake.routing import actions, formats
from telltale.pilot.intake.routing.found import Found

# Of Envoy's x-envoy-retry-on and x-envoy-retry-grpc-on; a number is an HTTP status.
RETRY_ON = frozenset((
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure",
    "envoy-ratelimited", "retriable-4xx", "refused-stream", "retriable-status-codes",
    "retriable-headers", "http3-post-connect-failure", "cancelled", "deadline-exceeded",
    "internal", "resource-exhausted", "unavailable",
))  # fmt: skip


def retries(found: Found, path: str, one: Retry) -> None:
    if not 0 <= one.attempts < 2**32:
        found.wrong(f"{path}.attempts", f"is {one.attempts}", "give 0 (none) or more")
    if not one.attempts and (one.retry_on or one.per_try_timeout):
        found.warn(f"{path}.attempts", "is 0", "nothing is tried again", "give a number")
    found.duration(f"{path}.perTryTimeout", one.per_try_timeout)
    found.duration(f"{path}.backoff", one.backoff)
    for word in formats.words(one.retry_on):
        if not (word in RETRY_ON or formats.status_code(word)):
            found.wrong(f"{path}.retryOn", f"{word!r} is no reason to try again",
                        f"use an HTTP status or one of {', '.join(sorted(RETRY_ON))}")  # fmt: skip


def fault(found: Found, path: str, one: Fault) -> None:
    if one.delay is None and one.abort is None:
        found.wrong(path, "has neither delay nor abort", "give one of them, or leave it out")
    if one.delay is not None:
        _delay(found, f"{path}.delay", one.delay)
    if one.abort is not None:
        _abort(found, f"{path}.abort", one.abort)


def _delay(found: Found, path: str, one: Delay) -> None:
    if one.exponential_delay is not None:
        found.wrong(f"{path}.exponentialDelay", "is not implemented by anybody", "use fixedDelay")
    elif one.fixed_delay is None:
        found.wrong(f"{path}.fixedDelay", "is missing", "say how long")
    found.duration(f"{path}.fixedDelay", one.fixed_delay)
    if not 0 <= one.percent <= 100:
        found.wrong(f"{path}.percent", f"is {one.percent}", "give 0 to 100")
    if one.percent:
        found.warn(f"{path}.percent", "is an old spelling", "it still holds",
                   "use percentage.value", "deprecated")  # fmt: skip
    elif one.percentage is None:
        found.warn(f"{path}.percentage", "is missing", "no request is delayed",
                   "say how many of a hundred are")  # fmt: skip


def _abort(found: Found, path: str, one: Abort) -> None:
    given = [name for name, value in (("httpStatus", one.http_status),
             ("grpcStatus", one.grpc_status)) if value is not None]  # fmt: skip
    if one.http2_error is not None:
        found.wrong(f"{path}.http2Error", "is not implemented by anybody", "use httpStatus")
    elif len(given) != 1:
        what = "httpStatus and grpcStatus are given" if given else "has no status"
        found.wrong(path, what, "give httpStatus or grpcStatus")
    if one.percentage is None:
        found.warn(f"{path}.percentage", "is missing", "no request is aborted",
                   "say how many of a hundred are")  # fmt: skip
    if one.http_status is not None and not 200 <= one.http_status <= 599:
        found.wrong(f"{path}.httpStatus", f"is {one.http_status}", "give 200 to 599")
    if one.grpc_status is not None and formats.grpc_code(one.grpc_status) is None:
        found.wrong(f"{path}.grpcStatus", f"{one.grpc_status!r} is no status of gRPC",
                    f"use one of {', '.join(formats.GRPC)}")  # fmt: skip


def mirrors(found: Found, path: str, route: HttpRoute) -> None:
    if route.mirror is not None and route.mirrors:
        found.wrong(path, "mirror and mirrors are given", "use mirrors alone")
    if route.mirror is not None:
        actions.destination(found, f"{path}.mirror", route.mirror)
    for number, one in enumerate(route.mirrors):
        actions.destination(found, f"{path}.mirrors[{number}].destination", one.destination)
    if route.mirror is None and (route.mirror_percent is not None or route.mirror_percentage):
        found.warn(f"{path}.mirrorPercentage", "there is no mirror", "nothing is copied",
                   "say where the copies go")  # fmt: skip
    if route.mirror_percent is not None:
        if not 0 <= route.mirror_percent <= 100:
            found.wrong(f"{path}.mirrorPercent", f"is {route.mirror_percent}", "give 0 to 100")
        found.warn(f"{path}.mirrorPercent", "is an old spelling", "it still holds",
                   "use mirrorPercentage.value", "deprecated")  # fmt: skip


def cors(found: Found, path: str, one: CorsPolicy) -> None:
    for number, origin in enumerate(one.allow_origins):
        place = f"{path}.allowOrigins[{number}]"
        found.text(place, origin)
        if origin.exact is origin.prefix is origin.regex is None:
            found.wrong(place, "says nothing", "give exact, prefix or regex")
    if one.allow_origin:
        found.warn(f"{path}.allowOrigin", "is an old spelling", "it still holds",
                   "use allowOrigins[].exact", "deprecated")  # fmt: skip
    if one.allow_origin and one.allow_origins:
        found.wrong(path, "allowOrigin and allowOrigins are given", "use allowOrigins alone")
    for method in one.allow_methods:
        if method != "*":
            found.header(f"{path}.allowMethods", method)
    for name in (*one.allow_headers, *one.expose_headers):
        if name != "*":
            found.header(f"{path}.allowHeaders", name)
    found.duration(f"{path}.maxAge", one.max_age)
