"""EnvoyFilter (networking.istio.io): changes to what proxies are told, in Envoy's own words.

Never: its meaning, or Envoy's words.
"""

from typing import Literal, TypeAlias

from telltale.kube.codec import Object
from telltale.kube.istio.message import Count, Message, WorkloadSelector
from telltale.kube.istio.telemetry import TargetRef

ApplyTo: TypeAlias = Literal[
    "INVALID", "LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER", "ROUTE_CONFIGURATION",
    "VIRTUAL_HOST", "HTTP_ROUTE", "CLUSTER", "EXTENSION_CONFIG", "BOOTSTRAP", "LISTENER_FILTER",
]  # fmt: skip
Context: TypeAlias = Literal["ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT"]
Operation: TypeAlias = Literal[
    "INVALID", "MERGE", "ADD", "REMOVE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST",
    "REPLACE", "MERGE_AND_REPLACE_LIST",
]  # fmt: skip


class ProxyMatch(Message):
    """`proxyVersion` is a regular expression."""

    proxy_version: str = ""
    """A regular expression that the proxy's version must match in full."""
    metadata: dict[str, str] = {}
    """What the proxy's own metadata must say, by key."""


class SubFilterMatch(Message):
    name: str = ""
    """The HTTP filter's name."""


class FilterMatch(Message):
    name: str = ""
    """The network filter's name."""
    sub_filter: SubFilterMatch | None = None
    """A filter within it: one of the HTTP filters."""


class FilterChainMatch(Message):
    name: str = ""
    """The chain's name."""
    sni: str = ""
    """A server name that the chain serves."""
    transport_protocol: str = ""
    """raw_buffer or tls."""
    application_protocols: str = ""
    """ALPN protocols that the chain serves, with commas between."""
    destination_port: Count = 0
    """The port that the chain serves."""
    filter: FilterMatch | None = None
    """A filter that the chain has."""


class ListenerMatch(Message):
    port_number: Count = 0
    """The port that the listener, or one of its chains, serves."""
    port_name: str = ""
    """Not supported: use portNumber."""
    name: str = ""
    """The listener's name."""
    filter_chain: FilterChainMatch | None = None
    """One of its chains."""
    listener_filter: str = ""
    """One of its listener filters, by name."""


class RouteMatch(Message):
    name: str = ""
    """The route's name."""
    action: Literal["ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"] = "ANY"
    """What the route does."""


class VirtualHostMatch(Message):
    name: str = ""
    """The virtual host's name: HOST:PORT."""
    domain_name: str = ""
    """A domain that the virtual host serves."""
    route: RouteMatch | None = None
    """One of its routes."""


class RouteConfigurationMatch(Message):
    name: str = ""
    """The route table's name."""
    port_number: Count = 0
    """The port that the table is for."""
    port_name: str = ""
    """Not supported: use portNumber."""
    gateway: str = ""
    """The Gateway that the table is made of: NAMESPACE/NAME."""
    vhost: VirtualHostMatch | None = None
    """One of its virtual hosts."""


class ClusterMatch(Message):
    port_number: Count = 0
    """The service's port."""
    service: str = ""
    """The service's name, in full."""
    subset: str = ""
    """The subset."""
    name: str = ""
    """The cluster's name, in full."""


class ConfigMatch(Message):
    context: Context = "ANY"
    """In which direction, or at gateways."""
    proxy: ProxyMatch | None = None
    """Which proxies."""
    listener: ListenerMatch | None = None
    """Which listener, chain or filter."""
    route_configuration: RouteConfigurationMatch | None = None
    """Which route table, virtual host or route."""
    cluster: ClusterMatch | None = None
    """Which cluster."""
    waypoint: Object | None = None
    """Not supported: there are no waypoints."""


class Patch(Message):
    operation: Operation = "INVALID"
    """What is done with what is matched."""
    value: Object | None = None
    """In Envoy's own words, as protobuf's JSON."""
    filter_class: Literal["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"] = "UNSPECIFIED"
    """Where among the filters a new one goes."""


class ConfigPatch(Message):
    apply_to: ApplyTo = "INVALID"
    """What is patched."""
    match: ConfigMatch = ConfigMatch()
    """Which of them; all if nothing is said."""
    patch: Patch | None = None
    """How."""


class EnvoyFilter(Message):
    workload_selector: WorkloadSelector | None = None
    """Which workloads of the namespace; all if absent."""
    target_refs: list[TargetRef] = []
    """Which Gateways, in place of a selector."""
    config_patches: list[ConfigPatch] = []
    """What is changed, in this order."""
    priority: int = 0
    """Lower ones are done first."""
