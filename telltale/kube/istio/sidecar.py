"""Sidecar (networking.istio.io): what the proxies of some workloads see and hear.

Never: its meaning.
"""

from typing import Literal

from telltale.kube.codec import Object
from telltale.kube.istio.destinationrule import ConnectionPool
from telltale.kube.istio.message import Message, PortNumber, WorkloadSelector


class SidecarPort(Message):
    number: PortNumber | None = None
    """The port's number."""
    protocol: str = ""
    """What is spoken there."""
    name: str = ""
    """A name for it."""


Capture = Literal["DEFAULT", "IPTABLES", "NONE"]


class Ingress(Message):
    port: SidecarPort | None = None
    """The port that is served."""
    bind: str = ""
    """The address to listen on, with captureMode NONE."""
    capture_mode: Capture = "DEFAULT"
    """Whether traffic is redirected to it."""
    default_endpoint: str = ""
    """Where the application listens: ADDRESS:PORT or unix:///PATH."""
    tls: Object | None = None
    """TLS of the clients ends here, with files of the proxy's container."""
    connection_pool: ConnectionPool | None = None
    """Limits and timeouts of connections to the application."""


class Egress(Message):
    port: SidecarPort | None = None
    """The port that is dialled; any if absent."""
    bind: str = ""
    """The address to listen on, with captureMode NONE."""
    capture_mode: Capture = "DEFAULT"
    """Whether traffic is redirected to it."""
    hosts: list[str] = []
    """Which services are seen: NAMESPACE/HOST, with . * and ~."""


class Destination(Message):
    host: str = ""
    """The service's name."""
    subset: str = ""
    """One of its subsets."""
    port: SidecarPort | None = None
    """One of its ports."""


class OutboundPolicy(Message):
    """Where goes what is for nobody known."""

    mode: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "REGISTRY_ONLY"
    """Let through what is for nobody known, or end it."""
    egress_proxy: Destination | None = None
    """Send it there."""


class Sidecar(Message):
    workload_selector: WorkloadSelector | None = None
    """Which workloads of the namespace; all if absent."""
    ingress: list[Ingress] = []
    """What is served, in place of what Services say."""
    egress: list[Egress] = []
    """What is seen; everything if absent."""
    inbound_connection_pool: ConnectionPool | None = None
    """Limits and timeouts of connections to the application."""
    outbound_traffic_policy: OutboundPolicy | None = None
    """What becomes of what is for nobody known."""
