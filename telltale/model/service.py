"""Services, their ports and the endpoints behind them, in the mesh's own words.

Never: Kubernetes, Envoy. A port's protocol is decided once, by intake; nobody guesses it again.
"""

from dataclasses import dataclass
from enum import StrEnum

from telltale.model.scope import Labels, Scope

SEEN_BY_ALL = Scope()
# What every proxy listens on itself: nothing can be told apart there by port number alone.
PROXY_PORTS = frozenset({15000, 15001, 15006, 15020, 15021, 15053, 15090})


class Protocol(StrEnum):
    """What is spoken on a port."""

    HTTP = "HTTP"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"
    GRPC_WEB = "GRPC-Web"
    TCP = "TCP"
    TLS = "TLS"
    AUTO = "auto"  # not said: the first bytes of each connection show whether it is HTTP

    @property
    def http(self) -> bool:
        """Requests can certainly be told apart, so they are routed one by one."""
        return self not in (Protocol.TCP, Protocol.TLS, Protocol.AUTO)

    @property
    def http2(self) -> bool:
        """An upstream must be spoken to in HTTP/2."""
        return self in (Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB)


class Discovery(StrEnum):
    """How clients find the addresses of a service."""

    VIRTUAL = "virtual"  # one address that stands for all endpoints
    HEADLESS = "headless"  # DNS gives the endpoints themselves
    ALIAS = "alias"  # DNS gives another name
    LISTED = "listed"  # whoever declares it lists its endpoints, or selects them
    NAMES = "names"  # DNS gives its endpoints' addresses, to the proxy; all of them are used
    NAME = "name"  # the same, and a new connection goes to the address that came last
    DIALLED = "dialled"  # wherever the client went
    ASKED = "asked"  # DNS gives, to the proxy, the address of the name that a client asks for

    @property
    def assigned(self) -> bool:
        """Proxies are told its endpoints one by one, apart from everything else."""
        return self in (Discovery.VIRTUAL, Discovery.LISTED)

    @property
    def listed(self) -> bool:
        """Its endpoints are known one by one, and can be told to whom does not dial them."""
        return self.assigned or self is Discovery.HEADLESS

    @property
    def resolved(self) -> bool:
        """Its endpoints are names that proxies look up."""
        return self in (Discovery.NAMES, Discovery.NAME)


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
    """`host` is its full DNS name; `selector` is empty when somebody else keeps its endpoints.

    `addresses` may be CIDRs; `outside`: where it is reached from outside of the cluster.
    `declared`: by hand, and not a Service of the cluster; `external`: it is outside the mesh.
    `automatic`: addresses given out for it, where DNS is the proxy's. `rival`: another one has the
    same host and goes before it for most clients. `sans`: who it may be.
    """

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
    scope: Scope = SEEN_BY_ALL
    declared: bool = False
    external: bool = False
    automatic: tuple[str, ...] = ()
    rival: bool = False
    sans: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its own among all services; the host of most."""
        return f"{self.host}@{self.namespace}" if self.rival else self.host

    def port(self, number: int) -> Port | None:
        return next((port for port in self.ports if port.number == number), None)


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """An address that can answer now; `workload` is its pod as NAME.NAMESPACE, if known.

    The address is an IP, a name for DNS, or `unix://` and a path (then without a port). `labels`
    and `account` are those of what is no pod. `hostname`: what a headless service's DNS calls it.
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
    account: str = ""
    network: str = ""
    hostname: str = ""
