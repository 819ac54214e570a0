"""Services, their ports and the endpoints behind them, in the mesh's own words.

Never: Kubernetes, Envoy. A port's protocol is decided once, by intake; nobody guesses it again.
"""

from dataclasses import dataclass
from enum import StrEnum

from telltale.model.scope import Labels


class Protocol(StrEnum):
    """What is spoken on a port."""

    HTTP = "HTTP"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"
    GRPC_WEB = "GRPC-Web"
    TCP = "TCP"
    TLS = "TLS"

    @property
    def http(self) -> bool:
        """Requests can be told apart, so they are routed one by one."""
        return self not in (Protocol.TCP, Protocol.TLS)

    @property
    def http2(self) -> bool:
        """An upstream must be spoken to in HTTP/2."""
        return self in (Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB)


class Discovery(StrEnum):
    """How clients find the addresses of a service."""

    VIRTUAL = "virtual"  # one address that stands for all endpoints
    HEADLESS = "headless"  # DNS gives the endpoints themselves
    ALIAS = "alias"  # DNS gives another name


class Nearness(StrEnum):
    """Which endpoints a service wants to be used as long as there are any."""

    ANY = "any"
    ZONE = "zone"  # those in the client's zone
    NODE = "node"  # those on the client's node, then those in its zone


@dataclass(frozen=True, slots=True)
class Port:
    """`target` is the container's port, by number or by the name that a container gives it."""

    number: int
    protocol: Protocol
    name: str = ""
    target: int | str = 0


@dataclass(frozen=True, slots=True)
class Service:
    """`host` is its full DNS name; `selector` is empty when somebody else keeps its endpoints."""

    name: str
    namespace: str
    host: str
    ports: tuple[Port, ...] = ()
    addresses: tuple[str, ...] = ()
    discovery: Discovery = Discovery.VIRTUAL
    selector: tuple[tuple[str, str], ...] = ()
    alias_of: str = ""
    created: str = ""
    unready_too: bool = False
    nearness: Nearness = Nearness.ANY
    own_node_only: bool = False

    def port(self, number: int) -> Port | None:
        return next((port for port in self.ports if port.number == number), None)


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """An address that can answer now; `workload` is its pod as NAME.NAMESPACE, if known.

    `labels` are those of what is no pod.
    """

    address: str
    port: int
    workload: str = ""
    node: str = ""
    zone: str = ""
    region: str = ""
    subzone: str = ""
    weight: int = 1
    labels: Labels = ()
