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
    metadata: dict[str, str] = {}


class SubFilterMatch(Message):
    name: str = ""


class FilterMatch(Message):
    name: str = ""
    sub_filter: SubFilterMatch | None = None


class FilterChainMatch(Message):
    name: str = ""
    sni: str = ""
    transport_protocol: str = ""
    application_protocols: str = ""
    destination_port: Count = 0
    filter: FilterMatch | None = None


class ListenerMatch(Message):
    port_number: Count = 0
    port_name: str = ""
    name: str = ""
    filter_chain: FilterChainMatch | None = None
    listener_filter: str = ""


class RouteMatch(Message):
    name: str = ""
    action: Literal["ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"] = "ANY"


class VirtualHostMatch(Message):
    name: str = ""
    domain_name: str = ""
    route: RouteMatch | None = None


class RouteConfigurationMatch(Message):
    name: str = ""
    port_number: Count = 0
    port_name: str = ""
    gateway: str = ""
    vhost: VirtualHostMatch | None = None


class ClusterMatch(Message):
    port_number: Count = 0
    service: str = ""
    subset: str = ""
    name: str = ""


class ConfigMatch(Message):
    context: Context = "ANY"
    proxy: ProxyMatch | None = None
    listener: ListenerMatch | None = None
    route_configuration: RouteConfigurationMatch | None = None
    cluster: ClusterMatch | None = None
    waypoint: Object | None = None


class Patch(Message):
    operation: Operation = "INVALID"
    value: Object | None = None
    filter_class: Literal["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"] = "UNSPECIFIED"


class ConfigPatch(Message):
    apply_to: ApplyTo = "INVALID"
    match: ConfigMatch = ConfigMatch()
    patch: Patch | None = None


class EnvoyFilter(Message):
    workload_selector: WorkloadSelector | None = None
    target_refs: list[TargetRef] = []
    config_patches: list[ConfigPatch] = []
    priority: int = 0
