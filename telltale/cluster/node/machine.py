"""What a pod's life is lived with: the parts of the node, handed to each pod. Never: behaviour."""

import asyncio
from dataclasses import dataclass, field

from telltale.cluster.images.store import Images
from telltale.cluster.node.addresses import Addresses
from telltale.cluster.node.events import Events
from telltale.cluster.node.network import Network
from telltale.cluster.node.runtime import Runtime
from telltale.cluster.node.settings import NodeSettings
from telltale.cluster.node.sources import Sources
from telltale.cluster.node.volumes import Volumes
from telltale.kube.client import Client
from telltale.lib.clock import Clock


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the machine has, and lets us do: `held` are our own capabilities without `CAP_`.

    `cgroup_root` comes before a container's cgroup: "/" where they are unified (there no group that
    holds processes may have limited ones below it), "" below our own where they are not.
    """

    cpus: int
    memory_bytes: int
    held: frozenset[str] = frozenset()
    resolv_conf: str = ""
    cgroup_root: str = ""
    limits: bool = True


@dataclass(frozen=True, slots=True)
class Machine:
    settings: NodeSettings
    client: Client
    clock: Clock
    images: Images
    sources: Sources
    events: Events
    network: Network
    addresses: Addresses
    runtime: Runtime
    volumes: Volumes
    capacity: Capacity
    starts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock.now().timestamp()
