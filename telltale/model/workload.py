"""Workloads (pods), and the proxies that stand beside them and ask for their configuration.

Never: Kubernetes, Envoy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telltale.model.service import Protocol


@dataclass(frozen=True, slots=True)
class Workload:
    """One pod. `ports` are the container ports that have a name."""

    name: str
    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    service_account: str = ""
    node: str = ""
    owner: str = ""  # the Deployment or whatever else it belongs to; "" for itself

    @property
    def key(self) -> str:
        return f"{self.name}.{self.namespace}"


class Role(StrEnum):
    SIDECAR = "sidecar"  # beside a workload
    ROUTER = "router"  # is the workload: a gateway


@dataclass(frozen=True, slots=True)
class Proxy:
    """Who is asking: one Envoy, and what it says of the workload that it serves.

    `workload` is only its own word (node metadata); the mesh's entry of that key goes before it.
    `redirected`: the workload's traffic is led to it; otherwise it must listen where clients dial.
    `peer`: the address from which it came, which is nobody's word.
    """

    id: str
    workload: Workload
    version: str = ""
    cluster: str = "Kubernetes"
    redirected: bool = True
    role: Role = Role.SIDECAR
    peer: str = ""

    @property
    def namespace(self) -> str:
        return self.workload.namespace


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A port on which a workload serves a service: what comes in at `port` of the container."""

    port: int
    protocol: Protocol
    service_port: int
    host: str
