"""When a cluster leaves out an endpoint that fails, and when it uses failed ones after all. Pure.

A reason with a count is always enforced, one with 0 never; what is not said is as Envoy has it:
five server errors in a row, judged every 10 s, out for 30 s. By success rates nobody is ejected.
"""

from collections.abc import Iterable

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.cluster.v3.outlier_detection_pb2 import OutlierDetection
from envoy.config.common.matcher.v3.matcher_pb2 import MatchPredicate
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions
from google.protobuf.wrappers_pb2 import UInt32Value

from telltale.model.policy import Ejection
from telltale.pilot.envoy.times import duration

_ALWAYS, _NEVER = 100, 0


def eject(cluster: Cluster, ejection: Ejection) -> None:
    found = cluster.outlier_detection
    found.enforcing_success_rate.value = _NEVER
    _count(found.consecutive_5xx, found.enforcing_consecutive_5xx, ejection.server_errors)
    _count(found.consecutive_gateway_failure, found.enforcing_consecutive_gateway_failure,
           ejection.gateway_errors)  # fmt: skip
    if ejection.split_local:
        _split(found, ejection.local_failures)
    if ejection.interval_s is not None:
        found.interval.CopyFrom(duration(ejection.interval_s))
    if ejection.base_s is not None:
        found.base_ejection_time.CopyFrom(duration(ejection.base_s))
        if ejection.base_s > _LONGEST_S:  # Envoy wants the longest to be as long at least
            found.max_ejection_time.CopyFrom(duration(ejection.base_s))
    if ejection.max_percent is not None:
        found.max_ejection_percent.value = ejection.max_percent
    # Below so many healthy endpoints Envoy would use failed ones too. Who asks for ejection means
    # it: never, if nothing is said.
    cluster.common_lb_config.healthy_panic_threshold.value = ejection.min_healthy_percent


_LONGEST_S = 300  # Envoy's default for max_ejection_time


def _count(count: UInt32Value, enforcing: UInt32Value, said: int | None) -> None:
    if said is not None:
        enforcing.value = _ALWAYS if said else _NEVER
        if said:
            count.value = said


def _split(found: OutlierDetection, failures: int | None) -> None:
    found.split_external_local_origin_errors = True
    found.enforcing_local_origin_success_rate.value = _NEVER
    _count(found.consecutive_local_origin_failure,
           found.enforcing_consecutive_local_origin_failure, failures)  # fmt: skip


def count_as_errors(options: HttpProtocolOptions, codes: Iterable[int]) -> None:
    """Only these statuses are errors, in place of all 5xx."""
    matches = [_is(code) for code in codes]
    if len(matches) == 1:
        options.outlier_detection.error_matcher.CopyFrom(matches[0])
    elif matches:
        options.outlier_detection.error_matcher.or_match.rules.extend(matches)


def _is(code: int) -> MatchPredicate:
    found = MatchPredicate()
    header = found.http_response_headers_match.headers.add(name=":status")
    header.string_match.exact = str(code)
    return found
