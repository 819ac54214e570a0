"""A gateway's connections, unread, to where a route says. Pure. Never: which route."""

from envoy.config.listener.v3.listener_components_pb2 import Filter
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy

from telltale.model.route import Share
from telltale.model.service import Port, Protocol
from telltale.model.view import View
from telltale.pilot.envoy import filters, http_routes


def to(view: View, shares: tuple[Share, ...], port: int) -> Filter:
    """To one destination, or by weight to one of several."""
    dialled = Port(port, Protocol.TCP)
    wanted = [one for one in shares if one.weight] or list(shares[:1])
    clusters = [http_routes.cluster(view, one.destination, dialled) for one in wanted]
    made = filters.tcp(clusters[0], view.mesh.options)
    if len(clusters) > 1:
        proxy = TcpProxy()
        made.typed_config.Unpack(proxy)
        proxy.ClearField("cluster")
        proxy.stat_prefix = "|".join(clusters)[:200]
        for name, share in zip(clusters, wanted, strict=True):
            proxy.weighted_clusters.clusters.add(name=name, weight=share.weight)
        made.typed_config.Pack(proxy, deterministic=True)
    return made
