"""The network of pods: a bridge, and for each pod a named network namespace with a veth to it.

A pod's address is a /32 with the bridge as its gateway, so packets between two pods go through
the node's routing and its rules, whatever the bridge's netfilter settings are. Forwarding is
switched on for the bridge alone: the machine does not become a router.
Blocking: every method runs in a thread. Never: ClusterIPs, or who gets which address.
"""

import hashlib
import logging
import os
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from telltale.cluster.node import linux
from telltale.cluster.node.settings import NodeSettings

log = logging.getLogger(__name__)

NETNS = Path("/run/netns")
_LINK_SCOPE = 253


class Network:
    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings

    def path(self, uid: str) -> Path:
        """Where a pod's namespace is kept."""
        return NETNS / f"{self._settings.netns_prefix}{_short(uid)}"

    def veth(self, uid: str) -> str:
        """The node's end of a pod's link: at most 15 bytes, as the kernel wants."""
        return f"{self._settings.veth_prefix}{_short(uid)[:7]}"

    def prepare(self) -> None:
        """The bridge, up and with the node's address; there already is fine."""
        # Not made a mount, as `ip netns` does: ours are seen without, and nothing is left behind.
        NETNS.mkdir(mode=0o755, parents=True, exist_ok=True)
        name = self._settings.bridge
        with IPRoute() as route:
            if not route.link_lookup(ifname=name):
                route.link("add", ifname=name, kind="bridge", br_forward_delay=0)
            index = route.link_lookup(ifname=name)[0]
            _sysctl(f"ipv6/conf/{name}/disable_ipv6", "1")
            held = [dict(entry["attrs"]).get("IFA_LOCAL") for entry in _addresses(route, index)]
            if str(self._settings.address) not in held:
                route.addr(
                    "add", index=index, address=str(self._settings.address),
                    prefixlen=self._settings.network.prefixlen,
                )  # fmt: skip
            route.link("set", index=index, state="up")
        _sysctl(f"ipv4/conf/{name}/forwarding", "1")
        _sysctl(f"ipv4/conf/{name}/send_redirects", "0")

    def exists(self, uid: str) -> bool:
        """Whether a pod's network is whole: its namespace mounted, its link on the node."""
        veth = Path("/sys/class/net") / self.veth(uid)
        return linux.is_mount(self.path(uid)) and veth.exists()

    def attach(self, uid: str, address: IPv4Address, sysctls: Mapping[str, str]) -> None:
        """Make a pod's namespace and its link. Raises `OSError`, `NetlinkError`."""
        self.detach(uid)
        gateway = str(self._settings.address)
        with linux.in_new_network(self.path(uid)) as host:
            with IPRoute() as route:
                route.link("set", index=1, state="up")  # lo
                peer = {"ifname": self.veth(uid), "net_ns_fd": host}
                route.link("add", ifname="eth0", kind="veth", peer=peer)
                index = route.link_lookup(ifname="eth0")[0]
                route.addr("add", index=index, address=str(address), prefixlen=32)
                route.link("set", index=index, state="up")
                route.route("add", dst=f"{gateway}/32", oif=index, scope=_LINK_SCOPE)
                route.route("add", dst="default", gateway=gateway, oif=index)
            for name, value in sysctls.items():
                _sysctl(name.replace(".", "/").removeprefix("net/"), value)
        with IPRoute() as route:
            bridge = route.link_lookup(ifname=self._settings.bridge)[0]
            index = route.link_lookup(ifname=self.veth(uid))[0]
            route.link("set", index=index, master=bridge)
            _write(Path(f"/sys/class/net/{self.veth(uid)}/brport/hairpin_mode"), "1")
            route.link("set", index=index, state="up")

    def detach(self, uid: str) -> None:
        """Take a pod's namespace and link away; none there is fine."""
        with IPRoute() as route:
            _delete_link(route, self.veth(uid))
        _drop(self.path(uid))

    def clean(self) -> bool:
        """Take away everything that carries this cluster's id; False when nothing does."""
        found = False
        with IPRoute() as route:
            for link in route.get_links():
                name = str(dict(link["attrs"]).get("IFLA_IFNAME"))
                if name == self._settings.bridge or name.startswith(self._settings.veth_prefix):
                    found = True
                    _delete_link(route, name)
        for path in NETNS.glob(f"{self._settings.netns_prefix}*"):
            found = True
            _drop(path)
        return found


def _short(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:8]


def _addresses(route: IPRoute, index: int) -> list[Mapping[str, list[tuple[str, object]]]]:
    return list(route.get_addr(index=index))


def _delete_link(route: IPRoute, name: str) -> None:
    for index in route.link_lookup(ifname=name):
        try:
            route.link("del", index=index)
        except NetlinkError as error:
            if error.code != 19:  # ENODEV: it went with its peer
                raise


def _drop(path: Path) -> None:
    linux.unmount(path)
    path.unlink(missing_ok=True)


def _sysctl(name: str, value: str) -> None:
    _write(Path("/proc/sys/net") / name, value)


def _write(path: Path, value: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        log.debug("%s is not in this kernel", path)
        return
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)
