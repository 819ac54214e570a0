"""MeshConfig (istio.mesh.v1alpha1): what holds for the whole mesh, as ConfigMap `istio` says it.

As far as the pilot or the injector follows it. Never: its meaning; a provider's own settings, which
whoever speaks to that provider reads (`extension_providers` keeps them as they are written).
"""

from typing import Literal

from telltale.kube.codec import Object
from telltale.kube.istio.destinationrule import LocalityLoadBalancer, TcpKeepalive
from telltale.kube.istio.message import Duration, Message
from telltale.kube.istio.virtualservice import Retry
from telltale.kube.meta import LabelSelector

# What of `defaultConfig`, and of annotation proxy.istio.io/config, the injector or agent follows.
DEFAULT_CONFIG = (
    "binaryPath", "concurrency", "configPath", "discoveryAddress", "drainDuration",
    "gatewayTopology", "holdApplicationUntilProxyStarts", "proxyAdminPort", "proxyMetadata",
    "statusPort", "terminationDrainDuration",
)  # fmt: skip
GATEWAY_TOPOLOGY = ("numTrustedProxies",)


class OutboundTrafficPolicy(Message):
    mode: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "ALLOW_ANY"


class DefaultProviders(Message):
    """By name, those that telemetry goes to where no Telemetry object says otherwise."""

    tracing: list[str] = []
    metrics: list[str] = []
    access_logging: list[str] = []


class ServiceScope(Message):
    """Of one cluster every service is local, whatever is said."""

    cluster_local: bool = False


class ServiceSettings(Message):
    settings: ServiceScope = ServiceScope()
    hosts: list[str] = []


class PathNormalization(Message):
    normalization: Literal[
        "DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"
    ] = "DEFAULT"


class MeshConfig(Message):
    """Those keys that are followed; `trustDomain`, `defaultConfig` and
    `enablePrometheusMerge` by the injector."""

    access_log_file: str = ""
    access_log_format: str = ""
    access_log_encoding: Literal["TEXT", "JSON"] = "TEXT"
    outbound_traffic_policy: OutboundTrafficPolicy = OutboundTrafficPolicy()
    root_namespace: str = ""
    default_service_export_to: list[str] = []
    default_virtual_service_export_to: list[str] = []
    default_destination_rule_export_to: list[str] = []
    connect_timeout: Duration | None = None
    tcp_keepalive: TcpKeepalive | None = None
    protocol_detection_timeout: Duration | None = None
    default_http_retry_policy: Retry | None = None
    dns_refresh_rate: Duration | None = None
    locality_lb_setting: LocalityLoadBalancer | None = None
    enable_tracing: bool = False
    extension_providers: list[Object] = []
    default_providers: DefaultProviders = DefaultProviders()
    path_normalization: PathNormalization = PathNormalization()
    h2_upgrade_policy: Literal["DO_NOT_UPGRADE", "UPGRADE"] = "DO_NOT_UPGRADE"
    discovery_selectors: list[LabelSelector] = []
    service_settings: list[ServiceSettings] = []
    trust_domain: str = ""
    default_config: Object = {}
    enable_prometheus_merge: bool = True
