"""Clusters: where requests can go. Pure.

Never: endpoints (they come by EDS), or how a policy is said to Envoy. Timeouts in seconds.
"""

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.config_source_pb2 import ApiVersion

from telltale.model.policy import PLAIN, Balancing, Policy, Subset, Traffic
from telltale.model.service import Port, Protocol, Service
from telltale.model.spread import Cut
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import (
    balancing,
    ejection,
    endpoints,
    limits,
    names,
    upstream_http,
    upstream_tls,
)
from telltale.pilot.envoy.resources import address, pack
from telltale.pilot.envoy.upstream_http import Version

CONNECT_TIMEOUT_S = 10
INBOUND_SOURCE = "127.0.0.6"  # what the redirect rules let through, and an app sees as local


def outbound(view: View) -> tuple[Cluster, ...]:
    """One cluster a port of every service that has endpoints of its own, and one a subset of it."""
    found: list[Cluster] = []
    for service, port in view.ports():
        policy = view.policy(service)
        found.append(_outbound(view, service, port, policy))
        if policy is not None:
            found += [_outbound(view, service, port, policy, one) for one in policy.subsets]
    return tuple(found)


def inbound(targets: tuple[Target, ...]) -> tuple[Cluster, ...]:
    """One cluster a container port, to the address that the client dialled."""
    return tuple(_inbound(target) for target in targets)


def fixed() -> tuple[Cluster, ...]:
    """Where goes what no service claims."""
    black_hole = Cluster(name=names.BLACK_HOLE, type=Cluster.STATIC)
    black_hole.connect_timeout.seconds = CONNECT_TIMEOUT_S
    incoming = _original(names.INBOUND_PASSTHROUGH)
    incoming.upstream_bind_config.source_address.CopyFrom(_LOCAL)
    return black_hole, _original(names.PASSTHROUGH), incoming


def _outbound(
    view: View, service: Service, port: Port, policy: Policy | None, subset: Subset | None = None
) -> Cluster:  # fmt: skip
    named = subset.name if subset else ""
    name = names.outbound(port.number, service.host, named)
    traffic = view.traffic(service, port, named)
    cluster = Cluster(name=name)
    if endpoints.discovered(view, service, traffic):
        _discovered(cluster, *endpoints.named(view, service, port, subset))
        balancing.balance(cluster, traffic.balancing or _BALANCING)
    else:
        cluster.type, cluster.lb_policy = Cluster.ORIGINAL_DST, Cluster.CLUSTER_PROVIDED
    cluster.alt_stat_name = names.alt_stat(name)
    _shape(view, cluster, port, traffic)
    note = cluster.metadata.filter_metadata["istio"]
    note.update({
        "default_original_port": port.number,
        "services": [{"host": service.host, "name": service.name, "namespace": service.namespace}],
    })  # fmt: skip
    if policy:
        note["config"] = policy.origin.path
    if subset:
        note["subset"] = subset.name
    return cluster


def _shape(view: View, cluster: Cluster, port: Port, traffic: Traffic) -> None:
    """All that a policy says but who is chosen."""
    mesh = view.mesh.options
    limits.limit(
        cluster, traffic, timeout_s=mesh.connect_timeout_s, keepalive=mesh.keepalive
    )
    if traffic.ejection:
        ejection.eject(cluster, traffic.ejection)
    alpn: tuple[str, ...] = ()
    if port.protocol.http:
        spoken = upstream_http.version(
            port.protocol, traffic.pool, upgrade=mesh.upgrade_to_http2
        )
        alpn = ("h2",) if spoken is Version.TWO else ()
        cluster.typed_extension_protocol_options[upstream_http.NAME].CopyFrom(
            pack(upstream_http.options(spoken, traffic))
        )
    upstream_tls.wrap(cluster, traffic, alpn)


def _inbound(target: Target) -> Cluster:
    cluster = _original(names.inbound(target.port))
    cluster.alt_stat_name = names.alt_stat(cluster.name)
    cluster.upstream_bind_config.source_address.CopyFrom(_LOCAL)
    name, namespace = names.of_service(target.host)
    cluster.metadata.filter_metadata["istio"].update({
        "services": [{"host": target.host, "name": name, "namespace": namespace}],
    })  # fmt: skip
    if target.protocol.http:
        as_asked = _SAME if target.protocol is Protocol.HTTP else _HTTP2
        cluster.typed_extension_protocol_options[upstream_http.NAME].CopyFrom(as_asked)
    return cluster


def _discovered(cluster: Cluster, assignment: str, cut: Cut) -> None:
    cluster.type = Cluster.EDS
    if assignment != cluster.name:
        cluster.eds_cluster_config.service_name = assignment
    if cut.spread is not None:  # the weights of places count, also where some endpoints are out
        cluster.common_lb_config.locality_weighted_lb_config.SetInParent()
    cluster.eds_cluster_config.eds_config.ads.SetInParent()
    cluster.eds_cluster_config.eds_config.resource_api_version = ApiVersion.V3
    # Wait for endpoints as long as it takes: without them the cluster could only answer 503.
    cluster.eds_cluster_config.eds_config.initial_fetch_timeout.SetInParent()


def _original(name: str) -> Cluster:
    cluster = Cluster(name=name, type=Cluster.ORIGINAL_DST, lb_policy=Cluster.CLUSTER_PROVIDED)
    limits.limit(cluster, PLAIN, timeout_s=CONNECT_TIMEOUT_S)
    return cluster


_BALANCING = Balancing()
_HTTP2 = pack(upstream_http.options(Version.TWO, PLAIN))
_SAME = pack(upstream_http.options(Version.AS_CLIENT, PLAIN))
_LOCAL = address(INBOUND_SOURCE, 0).socket_address
