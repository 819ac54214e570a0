"""ServiceEntry, WorkloadEntry and WorkloadGroup (networking.istio.io): what is no Service or pod.

Never: their meaning.
"""

from typing import Annotated, Literal

import msgspec

from telltale.kube.codec import Object
from telltale.kube.istio.message import Count, Message, PortNumber, WorkloadSelector


class ServicePort(Message):
    number: PortNumber | None = None
    """The port that clients dial."""
    protocol: str = ""
    """HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP or MONGO."""
    name: str = ""
    """A name for it; what endpoints call it."""
    target_port: PortNumber | None = None
    """The port of the endpoints, if it is another."""


class WorkloadEntry(Message):
    """A machine, or an endpoint of a ServiceEntry: an IP, a DNS name or `unix:///path`."""

    address: str = ""
    """An IP address, a DNS name or unix:///PATH."""
    ports: dict[str, PortNumber] = {}
    """Its own ports, by the service's names for them."""
    labels: dict[str, str] = {}
    """Its labels, as a pod's."""
    network: str = ""
    """The network that it is in; the mesh knows one."""
    locality: str = ""
    """Where it is: REGION/ZONE/SUBZONE."""
    weight: Count = 0
    """Its part of the load."""
    service_account: str = ""
    """The account that it runs as."""


class ServiceEntry(Message):
    hosts: Annotated[list[str], msgspec.Meta(max_length=256)] = []
    """The names that clients call it by."""
    addresses: Annotated[list[str], msgspec.Meta(max_length=256)] = []
    """The addresses that clients dial, as IPs or CIDRs."""
    ports: list[ServicePort] = []
    """The ports that clients dial."""
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] = "MESH_EXTERNAL"
    """Whether its servers are of the mesh."""
    resolution: Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"] = "NONE"
    """How its endpoints are found."""
    endpoints: Annotated[list[WorkloadEntry], msgspec.Meta(max_length=4096)] = []
    """Its servers."""
    workload_selector: WorkloadSelector | None = None
    """Its servers: pods and WorkloadEntries with these labels."""
    export_to: list[str] = []
    """Which namespaces see it: names, . for its own, * for all (the default)."""
    subject_alt_names: list[str] = []
    """Names, one of which a server's certificate must have."""


class ObjectMeta(Message):
    labels: dict[str, str] = {}
    """Labels of each machine's WorkloadEntry."""
    annotations: dict[str, str] = {}
    """Annotations of each machine's WorkloadEntry."""


class WorkloadGroup(Message):
    """Machines that are alike; `probe` is as Kubernetes' readiness probe."""

    metadata: ObjectMeta | None = None
    """Labels and annotations that its machines have in common."""
    template: WorkloadEntry | None = None
    """What its machines have in common besides."""
    probe: Object | None = None
    """How a machine is asked whether it is well."""
