"""What is refused in a VirtualService's rules for TLS and TCP connections. Pure."""

import ipaddress
from collections.abc import Sequence

from telltale.kube.istio.virtualservice import TcpMatch, TcpRoute, TlsMatch, TlsRoute
from telltale.pilot.intake.routing import actions, matches
from telltale.pilot.intake.routing.found import Found


def tls(found: Found, path: str, rule: TlsRoute, hosts: Sequence[str]) -> None:
    if not rule.match:
        found.wrong(f"{path}.match", "is empty", "say for which sniHosts the rule is")
    for number, one in enumerate(rule.match):
        place = f"{path}.match[{number}]"
        if not one.sni_hosts:
            found.wrong(f"{place}.sniHosts", "is empty", "name at least one of the hosts")
        for name in one.sni_hosts:
            _sni(found, f"{place}.sniHosts", name, hosts)
        _match(found, place, one)
    _route(found, path, rule)


def tcp(found: Found, path: str, rule: TcpRoute) -> None:
    for number, one in enumerate(rule.match):
        place = f"{path}.match[{number}]"
        _match(found, place, one)
        if one.source_subnet:
            _subnet(found, f"{place}.sourceSubnet", one.source_subnet)
    _route(found, path, rule)


def _route(found: Found, path: str, rule: TlsRoute | TcpRoute) -> None:
    if not rule.route:
        found.wrong(f"{path}.route", "is empty", "say where the connections go")
    actions.shares(found, f"{path}.route", rule.route)


def _match(found: Found, path: str, one: TlsMatch | TcpMatch) -> None:
    for number, subnet in enumerate(one.destination_subnets):
        _subnet(found, f"{path}.destinationSubnets[{number}]", subnet)
    matches.client(found, path, one.source_labels, one.source_namespace, one.gateways)


def _sni(found: Found, path: str, name: str, hosts: Sequence[str]) -> None:
    if _address(name):
        found.warn(path, f"{name} is an address", "no client sends one as SNI", "name a host")
        return
    found.host(path, name, wildcard=True)
    if not any(_within(name.lower(), host.lower()) for host in hosts):
        found.wrong(path, f"{name!r} is none of the hosts ({', '.join(hosts)})",
                    "add it to spec.hosts, or take it out")  # fmt: skip


def _within(name: str, host: str) -> bool:
    """Whether all that `name` means is meant by `host`."""
    return name == host or host == "*" or (host.startswith("*.") and name.endswith(host[1:]))


def _subnet(found: Found, path: str, written: str) -> None:
    try:
        ipaddress.ip_network(written, strict=False)
    except ValueError:
        found.wrong(path, f"{written!r} is not a subnet", "write 10.0.0.0/8 or an address")


def _address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
