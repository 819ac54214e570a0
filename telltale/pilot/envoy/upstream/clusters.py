"""Clusters: where requests can go. Pure.

Never: endpoints (they come by EDS), or how a policy is said to Envoy. Timeouts in seconds.
"""

from dataclasses import replace

from envoy.config.cluster.v3.cluster_pb2 import Cluster

from telltale.lib.memo import Memo
from telltale.model import cuts
from telltale.model.policy import PLAIN, Balancing, Subset, Traffic
from telltale.model.route import MESH
from telltale.model.service import Port, Protocol, Service
from telltale.model.spread import Cut
from telltale.model.view import View
from telltale.model.workload import Target
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import UNIX, address, pack
from telltale.pilot.envoy.telling import observe
from telltale.pilot.envoy.upstream import (
    balancing,
    credentials as upstream_secrets,
    discovery,
    ejection,
    http as upstream_http,
    limits,
    served,
    tls as upstream_tls,
)
from telltale.pilot.envoy.upstream.http import Version
from telltale.pilot.envoy.upstream.tls import Given

CONNECT_TIMEOUT_S = 10
INBOUND_SOURCE = "127.0.0.6"  # what the redirect rules let through, and an app sees as local


def outbound(view: View, memo: Memo, *, trusted: bool = False) -> tuple[Cluster, ...]:
    """One cluster a port of every service that has endpoints of its own, and one a subset of it.

    `trusted`: these are proxies that may have their namespace's credentials. What is the same for
    other clients, or as it was before, is the same message: whoever changes one changes a copy.
    """
    return tuple(
        one for service in view.services for one in of(view, memo, service, trusted=trusted)
    )


def of(view: View, memo: Memo, service: Service, *, trusted: bool) -> tuple[Cluster, ...]:
    """Those of one service."""
    policy = view.policy(service)
    # Those with credentials or with addresses of their own depend on more than `_known` knows.
    anew = trusted or service.discovery.resolved
    made = (
        _outbound(view, service, port, subset, trusted=trusted) if anew
        else _known(view, memo, service, port, subset)
        for port in view.ports_of(service)
        for subset in (None, *(policy.subsets if policy else ()))
    )  # fmt: skip
    return tuple(one for one in made if one is not None)


def _known(
    view: View, memo: Memo, service: Service, port: Port, subset: Subset | None
) -> Cluster | None:
    """Who asks matters by the policy that holds for them and by the cut that they get."""
    policy, cut = view.policy(service), cuts.cut(view, service, port, subset)
    told, inside = _told(cut), MESH in view.gateways
    return memo.by(
        (_outbound, view.mesh.options, service, port, policy, subset, told, inside),
        lambda: _outbound(view, service, port, subset, trusted=False),
    )


def _told(cut: Cut) -> str:
    """What tells cuts of one service, port and subset apart; most are plain."""
    return "" if cut.spread is None and cut.node is None else repr(cut)


def inbound(targets: tuple[Target, ...]) -> tuple[Cluster, ...]:
    """One cluster a container port, to the address that the client dialled."""
    return tuple(_inbound(target) for target in targets)


def fixed() -> tuple[Cluster, ...]:
    """Where goes what no service claims."""
    black_hole = Cluster(name=names.BLACK_HOLE, type=Cluster.STATIC)
    black_hole.connect_timeout.seconds = CONNECT_TIMEOUT_S
    incoming = _original(names.INBOUND_PASSTHROUGH)
    incoming.upstream_bind_config.source_address.CopyFrom(_LOCAL)
    found = black_hole, _original(names.PASSTHROUGH), incoming
    for one in found:
        observe.note_service(one)
    return found


def _outbound(
    view: View, service: Service, port: Port, subset: Subset | None, *, trusted: bool
) -> Cluster | None:
    policy = view.policy(service)
    traffic = _expecting(service, view.traffic(service, port, subset.name if subset else ""))
    cluster = discovery.cluster(view, service, port, subset, traffic)
    if cluster is None:
        return None
    if cluster.lb_policy != Cluster.CLUSTER_PROVIDED:
        balancing.balance(cluster, traffic.balancing or _BALANCING)
    cluster.alt_stat_name = names.alt_stat(cluster.name)
    keys = upstream_secrets.of(view, traffic.tls) if trusted else ()
    _shape(view, cluster, port, traffic, Given(keys, view.namespace))
    note = cluster.metadata.filter_metadata["istio"]
    note.update({
        "default_original_port": port.number,
        "services": [{"host": service.host, "name": service.name, "namespace": service.namespace}],
    })  # fmt: skip
    if policy:
        note["config"] = policy.origin.path
    if subset:
        note["subset"] = subset.name
    observe.note_service(cluster)
    return cluster


def _expecting(service: Service, traffic: Traffic) -> Traffic:
    """Whoever does not say whom a certificate must name means those that the service says."""
    tls = traffic.tls
    if tls is None or tls.sans or tls.unverified or not service.sans:
        return traffic
    return replace(traffic, tls=replace(tls, sans=service.sans))


def _shape(
    view: View, cluster: Cluster, port: Port, traffic: Traffic, given: Given
) -> None:
    """All that a policy says but who is chosen."""
    mesh = view.mesh.options
    limits.limit(
        cluster, traffic, timeout_s=mesh.connect_timeout_s, keepalive=mesh.keepalive
    )
    if traffic.ejection:
        ejection.eject(cluster, traffic.ejection)
    alpn: tuple[str, ...] = ()
    if port.protocol.http or port.protocol is Protocol.AUTO:
        spoken = upstream_http.version(
            port.protocol, traffic.pool, upgrade=mesh.upgrade_to_http2
        )
        alpn = ("h2",) if spoken is Version.TWO else ()
        cluster.typed_extension_protocol_options[upstream_http.NAME].CopyFrom(
            pack(upstream_http.options(spoken, traffic))
        )
    upstream_tls.wrap(cluster, traffic, alpn, given)


def _inbound(target: Target) -> Cluster:
    cluster = served.cluster(target)
    held = Traffic(pool=target.pool)
    limits.limit(cluster, held, timeout_s=CONNECT_TIMEOUT_S)
    cluster.alt_stat_name = names.alt_stat(cluster.name)
    if not target.to.startswith(UNIX):
        cluster.upstream_bind_config.source_address.CopyFrom(_LOCAL)
    name, namespace = names.of_service(target.host)
    cluster.metadata.filter_metadata["istio"].update({
        "services": [{"host": target.host, "name": name, "namespace": namespace}],
    })  # fmt: skip
    if target.protocol.http or target.protocol is Protocol.AUTO:
        spoken = Version.TWO if target.protocol.http2 else Version.AS_CLIENT
        cluster.typed_extension_protocol_options[upstream_http.NAME].CopyFrom(
            pack(upstream_http.options(spoken, held))
        )
    observe.note_service(cluster)
    return cluster


def _original(name: str) -> Cluster:
    cluster = discovery.original(name)
    limits.limit(cluster, PLAIN, timeout_s=CONNECT_TIMEOUT_S)
    return cluster


_BALANCING = Balancing()
_LOCAL = address(INBOUND_SOURCE, 0).socket_address
