"""A rule's retries, faults, copies and CORS as read. Pure. Never: whether they are right."""

from collections.abc import Callable

from telltale.kube.istio import virtualservice as istio
from telltale.model.route import Abort, Cors, Delay, Destination, How, Mirror, Retries, Text
from telltale.pilot.intake.durations import seconds
from telltale.pilot.intake.routing import formats


def retries(one: istio.Retry) -> Retries:
    words = formats.words(one.retry_on)
    codes = tuple(code for word in words if (code := formats.status_code(word)))
    return Retries(
        attempts=one.attempts, per_try_s=seconds(one.per_try_timeout),
        on=tuple(word for word in words if not formats.status_code(word)), codes=codes,
        backoff_s=seconds(one.backoff),
        other_hosts=one.retry_ignore_previous_hosts is not False,
        other_localities=bool(one.retry_remote_localities),
    )  # fmt: skip


def delay(one: istio.Delay) -> Delay:
    """Without a percentage no request is delayed, as with Istio; `judge` warns."""
    share = one.percentage.value / 100 if one.percentage else one.percent / 100
    return Delay(share, seconds(one.fixed_delay) or 0.0)


def abort(one: istio.Abort) -> Abort:
    share = one.percentage.value / 100 if one.percentage else 0.0
    code = formats.grpc_code(one.grpc_status) if one.grpc_status is not None else None
    return Abort(share, one.http_status or 0, code)


def mirrors(
    rule: istio.HttpRoute, read: Callable[[istio.Destination], Destination]
) -> tuple[Mirror, ...]:
    if rule.mirror is None:
        return tuple(
            Mirror(read(one.destination), one.percentage.value / 100 if one.percentage else 1.0)
            for one in rule.mirrors
        )
    share = 1.0
    if rule.mirror_percentage is not None:
        share = rule.mirror_percentage.value / 100
    elif rule.mirror_percent is not None:
        share = rule.mirror_percent / 100
    return (Mirror(read(rule.mirror), share),)


def cors(one: istio.CorsPolicy) -> Cors:
    return Cors(
        origins=(*(_old(name) for name in one.allow_origin),
                 *(_origin(each) for each in one.allow_origins)),
        methods=tuple(one.allow_methods), headers=tuple(one.allow_headers),
        exposed=tuple(one.expose_headers), max_age_s=seconds(one.max_age),
        credentials=one.allow_credentials,
        forward_unmatched=one.unmatched_preflights != "IGNORE",
    )  # fmt: skip


def _old(name: str) -> Text:
    return Text(How.REGEX, ".*") if name == "*" else Text(How.EXACT, name)


def _origin(match: istio.StringMatch) -> Text:
    if match.regex is not None:
        return Text(How.REGEX, match.regex)
    if match.prefix is not None:
        return Text(How.PREFIX, match.prefix)
    return Text(How.EXACT, match.exact or "")
