"""Limits of the connections of a cluster: how many, how long, how they are kept alive. Pure.

Never: HTTP versions, balancing. Nothing said is no limit; a limit that Envoy would set by itself is
lifted.
"""

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy

from telltale.model.policy import Keepalive, Pool, Traffic
from telltale.pilot.envoy.times import duration

UNLIMITED = 2**32 - 1  # circuit breakers: none until somebody asks for one
_NO_POOL = Pool()


def limit(
    cluster: Cluster, traffic: Traffic, *, timeout_s: float, keepalive: Keepalive | None = None
) -> None:
    """What a policy says of a cluster's connections, over what holds for the whole mesh."""
    pool = traffic.pool or _NO_POOL
    cluster.connect_timeout.CopyFrom(duration(pool.connect_timeout_s or timeout_s))
    _break_circuits(cluster, pool, traffic.retry_budget)
    keepalive = pool.keepalive or keepalive
    if keepalive:
        _keep_alive(cluster, keepalive)


def _break_circuits(
    cluster: Cluster, pool: Pool, budget: tuple[float, int] | None
) -> None:
    limits = cluster.circuit_breakers.thresholds.add()
    limits.track_remaining = True
    limits.max_connections.value = pool.connections or UNLIMITED
    limits.max_pending_requests.value = pool.pending or UNLIMITED
    limits.max_requests.value = pool.requests or UNLIMITED
    limits.max_retries.value = pool.retries or UNLIMITED
    if budget:
        percent, least = budget
        limits.retry_budget.budget_percent.value = percent
        limits.retry_budget.min_retry_concurrency.value = least


def _keep_alive(cluster: Cluster, keepalive: Keepalive) -> None:
    found = cluster.upstream_connection_options.tcp_keepalive
    found.SetInParent()  # with nothing more said, as the kernel has it
    if keepalive.probes is not None:
        found.keepalive_probes.value = keepalive.probes
    if keepalive.idle_s is not None:
        found.keepalive_time.value = round(keepalive.idle_s)
    if keepalive.interval_s is not None:
        found.keepalive_interval.value = round(keepalive.interval_s)


def limit_tcp(proxy: TcpProxy, traffic: Traffic) -> None:
    """What a policy says of connections that are carried unread; requests have it elsewhere."""
    pool = traffic.pool or _NO_POOL
    if pool.tcp_idle_s is not None:
        proxy.idle_timeout.CopyFrom(duration(pool.tcp_idle_s))
    if pool.max_age_s is not None:
        proxy.max_downstream_connection_duration.CopyFrom(duration(pool.max_age_s))
    if traffic.balancing and traffic.balancing.sticky and traffic.balancing.sticky.source_ip:
        proxy.hash_policy.add().source_ip.SetInParent()
    if traffic.tunnel:
        method, host, port = traffic.tunnel
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        proxy.tunneling_config.hostname = where
        proxy.tunneling_config.use_post = method == "POST"
