"""ServiceEntry, WorkloadEntry and WorkloadGroup (networking.istio.io): what is no Service or pod.

Never: their meaning.
"""

from typing import Annotated, Literal

import msgspec

from telltale.kube.codec import Object
from telltale.kube.istio.message import Count, Message, PortNumber, WorkloadSelector


class ServicePort(Message):
    number: PortNumber | None = None
    protocol: str = ""
    name: str = ""
    target_port: PortNumber | None = None


class WorkloadEntry(Message):
    """A machine, or an endpoint of a ServiceEntry: an IP, a DNS name or `unix:///path`."""

    address: str = ""
    ports: dict[str, PortNumber] = {}
    labels: dict[str, str] = {}
    network: str = ""
    locality: str = ""
    weight: Count = 0
    service_account: str = ""


class ServiceEntry(Message):
    hosts: Annotated[list[str], msgspec.Meta(max_length=256)] = []
    addresses: Annotated[list[str], msgspec.Meta(max_length=256)] = []
    ports: list[ServicePort] = []
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] = "MESH_EXTERNAL"
    resolution: Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"] = "NONE"
    endpoints: Annotated[list[WorkloadEntry], msgspec.Meta(max_length=4096)] = []
    workload_selector: WorkloadSelector | None = None
    export_to: list[str] = []
    subject_alt_names: list[str] = []


class ObjectMeta(Message):
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class WorkloadGroup(Message):
    """Machines that are alike; `probe` is as Kubernetes' readiness probe."""

    metadata: ObjectMeta | None = None
    template: WorkloadEntry | None = None
    probe: Object | None = None
