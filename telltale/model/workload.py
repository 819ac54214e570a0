"""Workloads (pods), and the proxies that stand beside them and ask for their configuration.

Never: Kubernetes, Envoy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telltale.model.calls import Calls
from telltale.model.policy import Pool
from telltale.model.service import Protocol


@dataclass(frozen=True, slots=True)
class Workload:
    """One pod. `ports` are the container ports that have a name.

    `calls`: what it is declared to call, if anybody has said so.
    """

    name: str
    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    service_account: str = ""
    node: str = ""
    owner: str = ""  # the Deployment or whatever else it belongs to; "" for itself
    ready: bool = True
    calls: Calls | None = None

    @property
    def key(self) -> str:
        return f"{self.name}.{self.namespace}"


class Role(StrEnum):
    SIDECAR = "sidecar"  # beside a workload
    ROUTER = "router"  # is the workload: a gateway


@dataclass(frozen=True, slots=True)
class Machine:
    """A workload that is no pod: somebody declared it. `ports`: what each named port is there.

    `locality` is region, zone and subzone, as far as known.
    """

    name: str
    namespace: str
    address: str
    ports: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    locality: tuple[str, ...] = ()
    weight: int = 1
    account: str = ""
    network: str = ""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Who is asking: one Envoy, and what it says of the workload that it serves.

    `workload` is only its own word (node metadata); the mesh's entry of that key goes before it.
    `redirected`: the workload's traffic is led to it; otherwise it must listen where clients dial.
    `peer`: the address from which it came, which is nobody's word. `before`: so many proxies of
    ours stand before a gateway, whose word on the client's address is taken.
    """

    id: str
    workload: Workload
    version: str = ""
    cluster: str = "Kubernetes"
    redirected: bool = True
    role: Role = Role.SIDECAR
    peer: str = ""
    said: Mapping[str, str] = field(default_factory=dict)  # what else it says of itself, in words
    before: int = 0

    @property
    def namespace(self) -> str:
        return self.workload.namespace


@dataclass(frozen=True, slots=True)
class Target:
    """A port on which a workload serves a service: what comes in at `port` of the container.

    `to`: where it goes, `ADDRESS:PORT` or `unix://PATH`, empty for where it was dialled. `bind` and
    `led`: where it is listened for, as in `sidecar.Hears`.
    """

    port: int
    protocol: Protocol
    service_port: int
    host: str
    to: str = ""
    bind: str = ""
    led: bool = True
    pool: Pool | None = None
