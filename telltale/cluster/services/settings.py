"""What one cluster's service proxy needs to know. Never: read from anywhere; `app` fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network


@dataclass(frozen=True, slots=True)
class Settings:
    """`pod_cidr` is the whole cluster's, `node_cidr` this node's part of it, on `bridge`.

    `egress`: networks outside that pods may reach, behind the node's address; none by default.
    """

    id: str
    bridge: str
    pod_cidr: IPv4Network
    node_cidr: IPv4Network
    service_cidr: IPv4Network
    egress: tuple[IPv4Network, ...] = ()

    @property
    def table(self) -> str:
        return f"telltale-{self.id}"


@dataclass(frozen=True, slots=True)
class Host:
    """What was found on, or changed of, the machine.

    `sees_bridged`: NAT also sees what passes the bridge without being routed (br_netfilter).
    `forwarding`: interfaces whose forwarding was turned on for `egress`, with their former setting.
    """

    sees_bridged: bool = True
    forwarding: Mapping[str, str] = field(default_factory=dict)
