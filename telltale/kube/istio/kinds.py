"""Istio's kinds as the API serves them, and the type of each one's spec. Never: a spec read.

A kind is stored in its first version and served in all of them, with the same schema (istio.io/api,
`+kubebuilder:storageversion`).
"""

from telltale.kube.crds import Definition, column
from telltale.kube.istio.destinationrule import DestinationRule
from telltale.kube.istio.envoyfilter import EnvoyFilter
from telltale.kube.istio.gateway import Gateway
from telltale.kube.istio.message import Config
from telltale.kube.istio.proxyconfig import ProxyConfig
from telltale.kube.istio.serviceentry import ServiceEntry, WorkloadEntry, WorkloadGroup
from telltale.kube.istio.sidecar import Sidecar
from telltale.kube.istio.telemetry import Telemetry
from telltale.kube.istio.virtualservice import VirtualService
from telltale.kube.istio.wasmplugin import WasmPlugin
from telltale.kube.kinds import Kind

NETWORKING = "networking.istio.io"
ROOT_NAMESPACE = "istio-system"


def _networking(kind: str, plural: str, version: str = "v1") -> Kind[Config]:
    return Kind(NETWORKING, version, kind, plural, Config)


VIRTUAL_SERVICE = _networking("VirtualService", "virtualservices")
DESTINATION_RULE = _networking("DestinationRule", "destinationrules")
GATEWAY = _networking("Gateway", "gateways")
SERVICE_ENTRY = _networking("ServiceEntry", "serviceentries")
WORKLOAD_ENTRY = _networking("WorkloadEntry", "workloadentries")
WORKLOAD_GROUP = _networking("WorkloadGroup", "workloadgroups")
SIDECAR = _networking("Sidecar", "sidecars")
PROXY_CONFIG = _networking("ProxyConfig", "proxyconfigs", "v1beta1")

ENVOY_FILTER = _networking("EnvoyFilter", "envoyfilters", "v1alpha3")
WASM_PLUGIN = Kind("extensions.istio.io", "v1alpha1", "WasmPlugin", "wasmplugins", Config)
TELEMETRY = Kind("telemetry.istio.io", "v1", "Telemetry", "telemetries", Config)

_OLDER = ("v1beta1", "v1alpha3")
DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        VIRTUAL_SERVICE, VirtualService, ("vs",), _OLDER,
        (column("Gateways", ".spec.gateways", "The gateways and sidecars that it holds for"),
         column("Hosts", ".spec.hosts", "The hosts that it routes")),
    ),
    Definition(
        DESTINATION_RULE, DestinationRule, ("dr",), _OLDER,
        (column("Host", ".spec.host", "The service that it holds for"),),
    ),
    Definition(GATEWAY, Gateway, ("gw",), _OLDER),
    Definition(ENVOY_FILTER, EnvoyFilter),
    Definition(WASM_PLUGIN, WasmPlugin),
    Definition(TELEMETRY, Telemetry, ("telemetry",), ("v1alpha1",)),
    Definition(
        SERVICE_ENTRY, ServiceEntry, ("se",), _OLDER,
        (column("Hosts", ".spec.hosts", "The hosts that it declares"),
         column("Location", ".spec.location", "Whether it is in the mesh"),
         column("Resolution", ".spec.resolution", "How its endpoints are found")),
    ),
    Definition(
        WORKLOAD_ENTRY, WorkloadEntry, ("we",), _OLDER,
        (column("Address", ".spec.address", "Where it answers"),),
    ),
    Definition(WORKLOAD_GROUP, WorkloadGroup, ("wg",), _OLDER),
    Definition(SIDECAR, Sidecar, (), _OLDER),
    Definition(PROXY_CONFIG, ProxyConfig),
)
