"""Clusters: where requests can go. Pure.

Never: endpoints (they come by EDS), policy. Timeouts in seconds.
"""

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.config_source_pb2 import ApiVersion
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions

from telltale.model.policy import Policy, Subset
from telltale.model.service import Discovery, Port, Protocol, Service
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import address, pack

CONNECT_TIMEOUT_S = 10
UNLIMITED = 2**32 - 1  # circuit breakers: none until somebody asks for one
INBOUND_SOURCE = "127.0.0.6"  # what the redirect rules let through, and an app sees as local
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def outbound(view: View) -> tuple[Cluster, ...]:
    """One cluster a port of every service that has endpoints of its own, and one a subset of it."""
    found: list[Cluster] = []
    for service, port in view.ports():
        policy = view.policy(service)
        found.append(_outbound(service, port, policy))
        if policy is not None:
            found += [_outbound(service, port, policy, one) for one in policy.subsets]
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
    service: Service, port: Port, policy: Policy | None, subset: Subset | None = None
) -> Cluster:
    named = subset.name if subset else ""
    name = names.outbound(port.number, service.host, named)
    cluster = _original(name) if service.discovery is Discovery.HEADLESS else _eds(name)
    if subset and policy and policy.origin.namespace != service.namespace:
        owned = names.assignment(port.number, service.host, named, policy.origin.namespace)
        cluster.eds_cluster_config.service_name = owned
    cluster.alt_stat_name = names.alt_stat(name)
    if port.protocol.http:
        cluster.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(
            _HTTP2 if port.protocol.http2 else _HTTP1
        )
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
        cluster.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(as_asked)
    return cluster


def _eds(name: str) -> Cluster:
    cluster = Cluster(name=name, type=Cluster.EDS, lb_policy=Cluster.LEAST_REQUEST)
    cluster.eds_cluster_config.eds_config.ads.SetInParent()
    cluster.eds_cluster_config.eds_config.resource_api_version = ApiVersion.V3
    # Wait for endpoints as long as it takes: without them the cluster could only answer 503.
    cluster.eds_cluster_config.eds_config.initial_fetch_timeout.SetInParent()
    return _bounded(cluster)


def _original(name: str) -> Cluster:
    cluster = Cluster(name=name, type=Cluster.ORIGINAL_DST, lb_policy=Cluster.CLUSTER_PROVIDED)
    return _bounded(cluster)


def _bounded(cluster: Cluster) -> Cluster:
    cluster.connect_timeout.seconds = CONNECT_TIMEOUT_S
    limits = cluster.circuit_breakers.thresholds.add()
    limits.track_remaining = True
    for limit in (
        limits.max_connections, limits.max_pending_requests,
        limits.max_requests, limits.max_retries,
    ):  # fmt: skip
        limit.value = UNLIMITED
    return cluster


def _options(version: int) -> HttpProtocolOptions:
    options = HttpProtocolOptions()
    if version == 2:
        options.explicit_http_config.http2_protocol_options.SetInParent()
    elif version == 1:
        options.explicit_http_config.http_protocol_options.SetInParent()
    else:
        options.use_downstream_protocol_config.http_protocol_options.SetInParent()
        options.use_downstream_protocol_config.http2_protocol_options.SetInParent()
    return options


_HTTP1, _HTTP2, _SAME = pack(_options(1)), pack(_options(2)), pack(_options(0))
_LOCAL = address(INBOUND_SOURCE, 0).socket_address
