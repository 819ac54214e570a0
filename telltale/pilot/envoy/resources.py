"""The typed bundle of Envoy's messages that one proxy needs, and how messages are packed.

Never: versions, nonces, Kubernetes.
"""

from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.address_pb2 import Address
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message

from telltale.model.gateway import Credential

UNIX = "unix://"


@dataclass(frozen=True, slots=True)
class Table:
    """A route table in pieces: `hosts` stand behind those of `head`, and are shared by many tables.

    Putting together what has a thousand hosts costs more than anything else, so it is done where
    somebody asks for the message; the wire needs the pieces only.
    """

    head: RouteConfiguration
    hosts: tuple[VirtualHost, ...] = ()

    @property
    def name(self) -> str:
        return str(self.head.name)

    def message(self) -> RouteConfiguration:
        if not self.hosts:
            return self.head
        whole = RouteConfiguration()
        whole.CopyFrom(self.head)
        whole.virtual_hosts.extend(self.hosts)
        return whole


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that one proxy is to have. Names are unique within each field.

    Of secrets only which: what is in them is joined to the bytes, and stands nowhere else.
    """

    clusters: tuple[Cluster, ...] = ()
    endpoints: tuple[ClusterLoadAssignment, ...] = ()
    listeners: tuple[Listener, ...] = ()
    tables: tuple[Table, ...] = ()
    credentials: tuple[Credential, ...] = ()
    extensions: tuple[TypedExtensionConfig, ...] = ()

    @property
    def routes(self) -> tuple[RouteConfiguration, ...]:
        return tuple(one.message() for one in self.tables)


def pack(message: Message) -> Packed:
    """A message with its type, for Envoy's `typed_config`; the same bytes for the same content."""
    packed = Packed()
    packed.Pack(message, deterministic=True)
    return packed


def address(host: str, port: int) -> Address:
    """An IP or DNS name and a port, or `unix://` and a path (`@` begins an abstract one)."""
    found = Address()
    if host.startswith(UNIX):
        found.pipe.path = host.removeprefix(UNIX)
        return found
    found.socket_address.address = host
    found.socket_address.port_value = port
    return found
