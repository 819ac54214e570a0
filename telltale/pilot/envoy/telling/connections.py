"""The filters of listeners that carry requests or connections, wherever they stand: found, changed
and packed again. Pure.

What is the same for all of them (what is logged, counted, traced) is added here once to whatever
made them: a sidecar's listeners, a gateway's. Never: what that is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from envoy.config.core.v3.base_pb2 import INBOUND
from envoy.config.listener.v3.listener_components_pb2 import Filter
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from google.protobuf.any_pb2 import Any as Packed

from telltale.model.metric import Reporter
from telltale.pilot.envoy.resources import pack

HTTP = "type.googleapis.com/" + hcm.HttpConnectionManager.DESCRIPTOR.full_name
TCP = "type.googleapis.com/" + TcpProxy.DESCRIPTOR.full_name


@dataclass
class Change:
    """What is done to every connection manager and every TCP proxy, by which side they stand on.

    What came out is kept: most listeners of a mesh have the same few filters.
    """

    http: Callable[[hcm.HttpConnectionManager, Reporter], None]
    tcp: Callable[[TcpProxy, Reporter], None]
    _made: dict[tuple[Reporter, str, bytes], Packed] = field(default_factory=dict)

    def apply(self, listener: Listener) -> None:
        """Change a listener in place."""
        server = listener.traffic_direction == INBOUND
        reporter = Reporter.DESTINATION if server else Reporter.SOURCE
        for one in filters_of(listener):
            if one.typed_config.type_url in (HTTP, TCP):
                one.typed_config.CopyFrom(self._changed(one.typed_config, reporter))

    def _changed(self, config: Packed, reporter: Reporter) -> Packed:
        place = (reporter, config.type_url, config.value)
        if place not in self._made:
            if config.type_url == HTTP:
                http = hcm.HttpConnectionManager.FromString(config.value)
                self.http(http, reporter)
                self._made[place] = pack(http)
            else:
                tcp = TcpProxy.FromString(config.value)
                self.tcp(tcp, reporter)
                self._made[place] = pack(tcp)
        return self._made[place]


def filters_of(listener: Listener) -> Iterator[Filter]:
    """The network filters of all its chains."""
    for chain in listener.filter_chains:
        yield from chain.filters
    yield from listener.default_filter_chain.filters
