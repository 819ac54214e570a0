"""What is told of requests, added to finished resources: counts and logs, and who the other side
is. Pure.

The client's sidecar knows whom it reaches: the endpoint says it. The server's is told by the
client's, in a header that it takes away before the app sees it. Never: what is told (`Observed`).
"""

from functools import lru_cache

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.base_pb2 import Metadata
from envoy.extensions.filters.http.header_to_metadata.v3.header_to_metadata_pb2 import (
    Config as HeaderToMetadata,
)
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy

from telltale.model.metric import PEER_HEADER, PEER_PLACE, Called, Reporter
from telltale.model.observed import Observed, Side
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import pack
from telltale.pilot.envoy.telling import counters, logs, traces
from telltale.pilot.envoy.telling.connections import Change

PEER_FILTER = "telltale.peer"


def change(observed: Observed) -> Change:
    """What is to be done to the listeners of those who are observed like this."""

    def side(reporter: Reporter) -> Side:
        return observed.client if reporter is Reporter.SOURCE else observed.server

    def http(manager: hcm.HttpConnectionManager, reporter: Reporter) -> None:
        seen = side(reporter)
        if reporter is Reporter.DESTINATION:
            manager.http_filters.insert(0, _PEER)
        if seen.counting is not None:
            manager.access_log.extend(counters.http(reporter, seen.counting))
        manager.access_log.extend(logs.http(seen.logs))
        if seen.tracing is not None:
            traces.trace(manager, seen.tracing)

    def tcp(proxy: TcpProxy, reporter: Reporter) -> None:
        seen = side(reporter)
        if seen.counting is not None:
            proxy.access_log_options.flush_access_log_on_connected = True
            proxy.access_log.extend(counters.tcp(reporter, seen.counting))
        proxy.access_log.extend(logs.tcp(seen.logs))

    return Change(http, tcp)


def note_service(cluster: Cluster) -> None:
    """Every cluster says which service is meant by it, in one text."""
    if called := _called(cluster):
        cluster.metadata.filter_metadata["telltale"]["service"] = str(called)


def _called(cluster: Cluster) -> Called | None:
    name = cluster.name
    if name in (names.PASSTHROUGH, names.BLACK_HOLE, names.INBOUND_PASSTHROUGH):
        return Called(name=name)
    known = cluster.metadata.filter_metadata
    found = known["istio"]["services"] if "istio" in known and "services" in known["istio"] else []
    for one in found:
        return Called(one["host"], one["name"], one["namespace"])
    return None


@lru_cache(8192)
def beside(peer: str) -> Metadata:
    """What an endpoint says of the workload behind it. Many have the same."""
    note = Metadata()
    note.filter_metadata["istio"]["workload"] = peer
    return note


def _peer_filter() -> hcm.HttpFilter:
    config = HeaderToMetadata()
    rule = config.request_rules.add(header=PEER_HEADER, remove=True)
    rule.on_header_present.metadata_namespace, rule.on_header_present.key = PEER_PLACE
    return hcm.HttpFilter(name=PEER_FILTER, typed_config=pack(config))


_PEER = _peer_filter()
