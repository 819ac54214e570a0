"""Sidecar (networking.istio.io): what the proxies of some workloads see and hear.

Never: its meaning.
"""

from typing import Literal

from telltale.kube.codec import Object
from telltale.kube.istio.destinationrule import ConnectionPool
from telltale.kube.istio.message import Message, PortNumber, WorkloadSelector


class SidecarPort(Message):
    number: PortNumber | None = None
    protocol: str = ""
    name: str = ""


Capture = Literal["DEFAULT", "IPTABLES", "NONE"]


class Ingress(Message):
    port: SidecarPort | None = None
    bind: str = ""
    capture_mode: Capture = "DEFAULT"
    default_endpoint: str = ""
    tls: Object | None = None
    connection_pool: ConnectionPool | None = None


class Egress(Message):
    port: SidecarPort | None = None
    bind: str = ""
    capture_mode: Capture = "DEFAULT"
    hosts: list[str] = []


class Destination(Message):
    host: str = ""
    subset: str = ""
    port: SidecarPort | None = None


class OutboundPolicy(Message):
    """Where goes what is for nobody known."""

    mode: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "REGISTRY_ONLY"
    egress_proxy: Destination | None = None


class Sidecar(Message):
    workload_selector: WorkloadSelector | None = None
    ingress: list[Ingress] = []
    egress: list[Egress] = []
    inbound_connection_pool: ConnectionPool | None = None
    outbound_traffic_policy: OutboundPolicy | None = None
