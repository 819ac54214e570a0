"""Can this machine carry an embedded cluster: root, programs, kernel, free ranges and port.

Never: changing anything. Each lack is one line that says what to do.
"""

import errno
import os
import shutil
import socket
from ctypes.util import find_library
from ipaddress import IPv4Network
from pathlib import Path

from pyroute2 import IPRoute

from telltale.app.errors import Refused
from telltale.app.home import ClusterSettings, Home

PROGRAMS = {"runc": "runc", "conmon": "conmon"}  # program: its Debian package


_FIXED = {
    "pod_cidr": "--pod-cidr", "node_cidr": "--node-cidr", "service_cidr": "--service-cidr",
    "dns_address": "--dns-address", "upstream_dns": "--upstream-dns",
}  # fmt: skip


def check_unchanged(home: Home, settings: ClusterSettings) -> None:
    """Raises `Refused` for a choice that the objects of an existing cluster contradict.

    Its port and its way out of the machine may change between two starts, but not while it runs.
    """
    before = home.settings()
    if before is None or not home.store.exists():
        return
    flags = dict(_FIXED)
    if home.holder() is not None:
        flags |= {
            "api_port": "--api-port", "egress_cidrs": "--egress-cidr",
            "ingress_port": "--ingress-port", "ingress_tls_port": "--ingress-tls-port",
        }  # fmt: skip
    for name, flag in flags.items():
        was, asked = _text(getattr(before, name)), _text(getattr(settings, name))
        if was != asked:
            way = "telltale down --delete" if name in _FIXED else "telltale down"
            raise Refused(f"{flag} {asked}: the cluster in {home.path} has {was}; first: {way}")


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def check(home: Home, settings: ClusterSettings) -> None:
    """Raises `Refused` with the first lack found."""
    settings.check()
    home.check_ours()
    if os.geteuid() != 0:
        raise Refused(
            "the embedded cluster needs root, for network namespaces and containers: "
            "run it with sudo, or use any Kubernetes with --kubeconfig"
        )
    lacking = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not find_library("nftables"):
        lacking.append("nftables")
    if lacking:
        raise Refused(
            f"{' and '.join(lacking)} not installed: apt-get install {' '.join(lacking)} "
            "(or run: make setup)"
        )
    if "overlay" not in Path("/proc/filesystems").read_text():
        raise Refused("this kernel has no overlay file system: modprobe overlay")
    _ranges_free(home, settings)
    for flag, port in settings.ports.items():
        _port_free(flag, port)


def _ranges_free(home: Home, settings: ClusterSettings) -> None:
    ranges = {
        "--pod-cidr": IPv4Network(settings.pod_cidr),
        "--service-cidr": IPv4Network(settings.service_cidr),
    }
    for network, interface in _routes():
        for flag, wanted in ranges.items():
            if interface != home.bridge and network.prefixlen > 0 and network.overlaps(wanted):
                raise Refused(
                    f"{flag} {wanted} overlaps the route {network} of {interface}: "
                    f"choose another range with {flag}"
                )


def _routes() -> list[tuple[IPv4Network, str]]:
    with IPRoute() as routes:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in routes.get_links()}
        found = []
        for route in routes.get_routes(family=socket.AF_INET, table=254):
            network = IPv4Network(f"{route.get_attr('RTA_DST') or '0.0.0.0'}/{route['dst_len']}")
            found.append((network, str(names.get(route.get_attr("RTA_OIF"), "?"))))
        return found


def _port_free(flag: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise Refused(
                f"port {port} on 127.0.0.1 is taken by another program: "
                f"choose another with {flag}"
            ) from None
