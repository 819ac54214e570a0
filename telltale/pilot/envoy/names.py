"""The one place that spells the names of Envoy's resources, as Istio's users know them.

Never: anything but names.
"""

from telltale.model.gateway import Credential, Server

PASSTHROUGH = "PassthroughCluster"
BLACK_HOLE = "BlackHoleCluster"
NOBODY = "NobodyCluster"  # there is none of this name, which is what it is for
INBOUND_PASSTHROUGH = "InboundPassthroughCluster"

VIRTUAL_OUTBOUND = "virtualOutbound"
VIRTUAL_INBOUND = "virtualInbound"
OUTBOUND_PORT = 15001
INBOUND_PORT = 15006

ALLOW_ANY = "allow_any"
BLOCK_ALL = "block_all"
DEFAULT_ROUTE = "default"


def outbound(port: int, host: str, subset: str = "") -> str:
    """A cluster: `outbound|9080||reviews.default.svc.cluster.local`."""
    return f"outbound|{port}|{subset}|{host}"


def assignment(port: int, host: str, subset: str = "", tag: str = "") -> str:
    """The endpoints of a cluster: its own name, and which of several sets of them is meant."""
    cluster = outbound(port, host, subset)
    return f"{cluster}@{tag}" if tag else cluster


def spelled(port: int, host: str, subset: str = "") -> str:
    """A cluster as an SNI can spell it: `outbound_.9080_._.reviews.default.svc.cluster.local`."""
    return f"outbound_.{port}_.{subset}_.{host}"


def inbound(port: int) -> str:
    """The cluster of a container port, and the route of a service port: `inbound|9080||`."""
    return f"inbound|{port}||"


def inbound_host(service_port: int) -> str:
    """The one virtual host of an inbound route."""
    return f"inbound|http|{service_port}"


def listener(address: str, port: int) -> str:
    """A listener or an inbound chain: `0.0.0.0_9080`."""
    return f"{address}_{port}"


def route(port: int) -> str:
    """The route table that an outbound HTTP listener asks for: `9080`."""
    return str(port)


def sniffed_route(host: str, port: int) -> str:
    """The table of one service whose port does not say what it speaks."""
    return f"{host}:{port}"


def virtual_host(host: str, port: int) -> str:
    return f"{host}:{port}"


def of_service(host: str) -> tuple[str, str]:
    """Name and namespace of a service by its host; one of no Kubernetes Service is its own name."""
    parts = host.split(".")
    return (parts[0], parts[1]) if parts[2:3] == ["svc"] else (host, "")


def stat_prefix(direction: str, port: int) -> str:
    """`;` ends the name for those who cut tags out of statistics."""
    return f"{direction}_0.0.0.0_{port};"


def alt_stat(cluster: str) -> str:
    return f"{cluster};"


def edge_route(port: int, bind: str = "") -> str:
    """The table of a gateway's plain HTTP servers on one port: `http.8080`."""
    return ".".join(one for one in ("http", str(port), bind) if one)


def sealed_route(server: Server, gateway: str) -> str:
    """The table of one server that opens TLS: `https.443.https.bookinfo.default`."""
    namespace, _, name = gateway.partition("/")
    return ".".join(
        one for one in ("https", str(server.port), server.name, name, namespace, server.bind) if one
    )


def secret(credential: Credential, namespace: str) -> str:
    """A secret as a proxy in `namespace` asks for it: `kubernetes://bookinfo-cert`."""
    suffix = "-cacert" if credential.authority else ""
    if credential.namespace in ("", namespace):
        return f"kubernetes://{credential.name}{suffix}"
    return f"kubernetes-gateway://{credential.namespace}/{credential.name}{suffix}"


def nowhere(port: int) -> str:
    """The virtual host of a table in which no route is for anybody."""
    return f"blackhole:{port}"
