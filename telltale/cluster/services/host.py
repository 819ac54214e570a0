"""What the service proxy needs of the machine: routes to its ranges, forwarding on the bridge.

Never: a setting of the whole machine. Everything hangs on the bridge, and goes with it; only for
`egress` an outer interface forwards, which `clean` takes back. Blocking: call it on a thread.

The ranges are routed to the bridge, by way of a neighbour that is the bridge itself: the node's own
connections find a way and a source address before NAT sees them, what no rule takes is swallowed
there in silence (a drop by a rule would tell a local sender: EPERM), and even without rules nothing
takes the default route.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from telltale.cluster.services.settings import Host, Settings

_CONF = Path("/proc/sys/net/ipv4/conf")
_ONLINK = 4  # RTNH_F_ONLINK
_PERMANENT = 0x80  # NUD_PERMANENT
_STATIC = 4  # rtnetlink's RTPROT_STATIC
_NOBODY = "169.254.254.254"  # stands for the bridge itself: a neighbour with the bridge's own MAC
_HAIRPIN = 1
_GONE = (errno.ENODEV, errno.ESRCH, errno.ENETUNREACH, errno.ENETDOWN)


class NoBridge(Exception):
    """The node has not made its bridge yet, or has not brought it up."""


def prepare(settings: Settings, noted: Mapping[str, str]) -> Host:
    """Makes the bridge fit; `noted` is what an earlier run found. Raises `NoBridge`."""
    with IPRoute() as net:
        bridge = _index(net, settings.bridge)
        with _unless_gone(settings.bridge):
            _swallow(net, bridge)
            for network in _routed(settings):
                net.route("replace", **_route(network, bridge))
            seen = _show_bridged(net, bridge)
        outer = {_device_to(net, network) for network in settings.egress} - {settings.bridge, ""}
    _write(settings.bridge, "forwarding", "1")
    _write(settings.bridge, "send_redirects", "0")
    former = {name: noted.get(name) or _read(name, "forwarding") for name in outer}
    for name in outer:
        _write(name, "forwarding", "1")
    return Host(seen, former)


def restore(settings: Settings, forwarding: Mapping[str, str]) -> None:
    """Takes the routes and the outer forwarding back; what is gone already is fine."""
    with IPRoute() as net:
        found = net.link_lookup(ifname=settings.bridge)
        for network in _routed(settings) if found else ():
            try:
                net.route("del", **_route(network, int(found[0])))
            except NetlinkError as error:
                if error.code not in _GONE:
                    raise
    for name, value in forwarding.items():
        if (_CONF / name).exists():
            _write(name, "forwarding", value)


def let_meet_themselves(bridge: str) -> None:
    """A pod may reach itself through a ClusterIP: its port must send back what it brought."""
    with IPRoute() as net:
        for found in net.link_lookup(ifname=bridge):
            for port in net.get_links(master=found):
                net.brport("set", index=port["index"], mode=_HAIRPIN)


def _route(network: IPv4Network, bridge: int) -> dict[str, str | int]:
    gateway: dict[str, str | int] = {"gateway": _NOBODY, "flags": _ONLINK}
    return {"dst": str(network), "oif": bridge, "proto": _STATIC, **gateway}


def _swallow(net: IPRoute, bridge: int) -> None:
    """A bridge sends a frame for its own MAC to no port."""
    [link] = net.get_links(bridge)
    mac = link.get_attr("IFLA_ADDRESS")
    net.link("set", index=bridge, address=mac)  # else it changes with the first port that joins
    net.neigh("replace", dst=_NOBODY, lladdr=mac, ifindex=bridge, state=_PERMANENT)


def _routed(settings: Settings) -> list[IPv4Network]:
    """The node's own range has a route from the bridge's address."""
    wider = [settings.pod_cidr] if settings.pod_cidr != settings.node_cidr else []
    return [settings.service_cidr, *wider]


def _index(net: IPRoute, name: str) -> int:
    found = net.link_lookup(ifname=name)
    if not found:
        raise NoBridge(f"bridge {name} is not there yet")
    return int(found[0])


@contextmanager
def _unless_gone(name: str) -> Iterator[None]:
    try:
        yield
    except NetlinkError as error:
        if error.code in _GONE:
            raise NoBridge(f"bridge {name} is not up yet") from error
        raise


def _show_bridged(net: IPRoute, bridge: int) -> bool:
    """Asks the kernel to let NAT see bridged packets too; False when it cannot."""
    if not Path("/proc/sys/net/bridge").exists():
        return False
    try:
        net.link("set", index=bridge, kind="bridge", br_nf_call_iptables=1)
    except NetlinkError:
        return False
    return True


def _device_to(net: IPRoute, network: IPv4Network) -> str:
    """The interface that leads to a network; "" when none does."""
    try:
        [route, *_] = net.route("get", dst=str(network.network_address))
    except NetlinkError:
        return ""
    [link, *_] = net.get_links(route.get_attr("RTA_OIF"))
    return str(link.get_attr("IFLA_IFNAME"))


def _read(device: str, name: str) -> str:
    return (_CONF / device / name).read_text().strip()


def _write(device: str, name: str, value: str) -> None:
    path = _CONF / device / name
    if path.read_text().strip() != value:
        path.write_text(value)
