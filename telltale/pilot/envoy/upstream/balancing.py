"""How a cluster chooses among its endpoints, and what requests are hashed by. Pure.

What a request is hashed by stands beside the cluster and not in routes: then each destination of a
weighted route has its own, and a route need not know any policy. Never: which endpoints there are.
"""

from collections.abc import Iterator

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.route.v3.route_components_pb2 import RouteAction

from telltale.model.policy import Balance, Balancing, Sticky, Warmup
from telltale.pilot.envoy.times import duration

RING_SIZE = 1024
_POLICIES = {
    Balance.LEAST_REQUEST: Cluster.LEAST_REQUEST, Balance.ROUND_ROBIN: Cluster.ROUND_ROBIN,
    Balance.RANDOM: Cluster.RANDOM, Balance.RING: Cluster.RING_HASH,
    Balance.MAGLEV: Cluster.MAGLEV, Balance.PASSTHROUGH: Cluster.CLUSTER_PROVIDED,
}  # fmt: skip


def balance(cluster: Cluster, balancing: Balancing) -> None:
    """For a cluster that chooses itself; one of `ORIGINAL_DST` leaves that to the client."""
    algorithm = balancing.algorithm or Balance.LEAST_REQUEST
    cluster.lb_policy = _POLICIES[algorithm]
    match algorithm:
        case Balance.RING:
            cluster.ring_hash_lb_config.minimum_ring_size.value = balancing.table_size or RING_SIZE
        case Balance.MAGLEV if balancing.table_size:
            cluster.maglev_lb_config.table_size.value = balancing.table_size
        case Balance.LEAST_REQUEST if balancing.warmup:
            _warm_up(cluster.least_request_lb_config.slow_start_config, balancing.warmup)
        case Balance.ROUND_ROBIN if balancing.warmup:
            _warm_up(cluster.round_robin_lb_config.slow_start_config, balancing.warmup)


def _warm_up(found: Cluster.SlowStartConfig, warmup: Warmup) -> None:
    found.slow_start_window.CopyFrom(duration(warmup.seconds))
    found.aggression.default_value = warmup.aggression
    found.aggression.runtime_key = ""
    found.min_weight_percent.value = warmup.minimum_percent


def hash_policies(balancing: Balancing | None) -> Iterator[RouteAction.HashPolicy]:
    """What each request is hashed by; nothing where it may go to any endpoint."""
    if balancing is None or balancing.sticky is None:
        return
    yield _hashed_by(balancing.sticky)


def _hashed_by(sticky: Sticky) -> RouteAction.HashPolicy:
    found = RouteAction.HashPolicy()
    if sticky.header:
        found.header.header_name = sticky.header
    elif sticky.query:
        found.query_parameter.name = sticky.query
    elif sticky.source_ip:
        found.connection_properties.source_ip = True
    else:
        found.cookie.name = sticky.cookie
        found.cookie.path = sticky.cookie_path
        if sticky.cookie_ttl_s is not None:  # then it is given out; 0 s: for the session
            found.cookie.ttl.CopyFrom(duration(sticky.cookie_ttl_s))
        for name, value in sticky.cookie_attributes:
            found.cookie.attributes.add(name=name, value=value)
    return found
