"""What the node is told at its start, and where it keeps things. Never: a file read."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from telltale.lib.backoff import Backoff


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """One node. `id` (at most 6 letters and digits) is in all names that it makes on a machine."""

    home: Path
    id: str
    bridge: str
    node_cidr: str = "172.16.3.0/24"
    dns_address: str = "172.19.0.10"
    name: str = "node"
    cluster_domain: str = "cluster.local"
    searches: tuple[str, ...] = ("localdomain",)
    restart: Backoff = field(default_factory=lambda: Backoff(first_s=10.0, most_s=300.0))
    restart_reset_s: float = 600.0
    log_bytes: int = 10 << 20
    pods_most: int = 110
    starts_at_once: int = 4

    @property
    def network(self) -> IPv4Network:
        return IPv4Network(self.node_cidr)

    @property
    def address(self) -> IPv4Address:
        """The node's own: the first of its range, on the bridge."""
        return self.network[1]

    @property
    def pods(self) -> Path:
        return self.home / "node" / "pods"

    @property
    def runc(self) -> Path:
        """runc's own state."""
        return self.home / "node" / "runc"

    @property
    def cgroup(self) -> str:
        return f"telltale-{self.id}"

    @property
    def netns_prefix(self) -> str:
        return f"telltale-{self.id}-"

    @property
    def veth_prefix(self) -> str:
        return f"v{self.id}-"
