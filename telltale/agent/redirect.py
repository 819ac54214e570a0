"""The rules that lead a pod's TCP through Envoy, as nftables text. Pure: settings in, text out.

Chains are named and ordered as Istio's iptables rules (REDIRECT mode), so that what people know can
be read in `nft list table ip istio-proxy-nat`. The text is in nft's own listing form, so that "is
it so already?" is a comparison of texts. Never: applying it (nft.py), UDP but for DNS
(`redirect_dns`), or ICMP.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from telltale.agent import redirect_dns
from telltale.agent.redirect_options import Options

TABLE = "istio-proxy-nat"
LOOPBACK_PORT = 15008  # HBONE: never redirected


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between the two copies of the rules. `inner` is where Envoy's inbound side dials
    the app from.
    """

    name: str
    loopback: str
    inner: str
    version: int


IPV4 = Family("ip", "127.0.0.1", "127.0.0.6", 4)
IPV6 = Family("ip6", "::1", "::6", 6)


def families(options: Options) -> tuple[Family, ...]:
    """IPv6 is led through Envoy only in dual stack; else it is left alone in both directions."""
    return (IPV4, IPV6) if options.dual_stack else (IPV4,)


def table(options: Options, family: Family) -> str:
    """The whole table, in the form in which `nft -y list table` shows it."""
    chains = {
        "ISTIO_INBOUND": _inbound(options),
        "ISTIO_REDIRECT": [f"meta l4proto tcp redirect to :{options.outbound_port}"],
        "ISTIO_IN_REDIRECT": [f"meta l4proto tcp redirect to :{options.inbound_port}"],
        "ISTIO_OUTPUT": list(_output(options, family)),
        "PREROUTING": [
            "type nat hook prerouting priority -100; policy accept;",
            *_prerouting(options, family),
        ],
        "OUTPUT": [
            "type nat hook output priority -100; policy accept;",
            *(f'oifname "{nic}" return' for nic in options.excluded_interfaces),
            "jump ISTIO_OUTPUT",
        ],
    }
    if options.drop_invalid:
        chains["ISTIO_DROP"] = [
            "type filter hook prerouting priority -150; policy accept;",
            "meta l4proto tcp ct state invalid drop",
        ]
    chains |= redirect_dns.zones(options, family)
    bodies = [_chain(name, rules) for name, rules in chains.items()]
    return f"table {family.name} {TABLE} {{\n" + "\n".join(bodies) + "}\n"


def replacement(text: str, family: Family) -> str:
    """An nft script that puts `text` in place of whatever stands under its name, in one
    transaction.
    """
    return f"table {family.name} {TABLE} {{}}\ndelete table {family.name} {TABLE}\n{text}"


def removal(family: Family) -> str:
    return f"table {family.name} {TABLE} {{}}\ndelete table {family.name} {TABLE}\n"


def _prerouting(options: Options, family: Family) -> Iterator[str]:
    for nic in options.excluded_interfaces:
        yield f'iifname "{nic}" return'
    for nic in options.virtual_interfaces:
        for cidr in _of(family, options.excluded_cidrs):
            yield f'iifname "{nic}" {family.name} daddr {cidr} return'
        for match in _included(options, family):
            yield f'iifname "{nic}" {match}jump ISTIO_REDIRECT'
        yield f'iifname "{nic}" return'
    if options.inbound_ports:
        yield "meta l4proto tcp jump ISTIO_INBOUND"


def _inbound(options: Options) -> list[str]:
    rules = [f"tcp dport {LOOPBACK_PORT} return"]
    if options.inbound_ports == ("*",):
        rules += [f"tcp dport {port} return" for port in options.excluded_inbound_ports]
        rules.append("meta l4proto tcp jump ISTIO_IN_REDIRECT")
    else:
        rules += [f"tcp dport {port} jump ISTIO_IN_REDIRECT" for port in options.inbound_ports]
    return rules


def _output(options: Options, family: Family) -> Iterator[str]:
    for port in options.excluded_outbound_ports:
        yield f"tcp dport {port} return"
        yield f"udp dport {port} return"
    # What Envoy's inbound side and the agent's probes send to the app.
    yield f'oifname "lo" {family.name} saddr {family.inner} return'
    owners = [f"meta skuid {uid}" for uid in options.uids]
    owners += [f"meta skgid {gid}" for gid in options.gids]
    for owner in owners:
        yield from _owned(options, family, owner)
    yield from _groups(options)
    yield from redirect_dns.captured(options, family)
    yield f"{family.name} daddr {family.loopback} return"
    for cidr in _of(family, options.excluded_cidrs):
        yield f"{family.name} daddr {cidr} return"
    for port in options.outbound_ports:
        yield f"tcp dport {port} jump ISTIO_REDIRECT"
    for match in _included(options, family):
        yield f"{match}jump ISTIO_REDIRECT"


def _owned(options: Options, family: Family, owner: str) -> Iterator[str]:
    """Envoy itself (`owner`) is never led to itself, unless it calls the pod's own Service: then to
    its inbound side.
    """
    dns = bool(options.nameservers)
    free = f"{{ {redirect_dns.PORT}, {LOOPBACK_PORT} }}" if dns else str(LOOPBACK_PORT)
    yield (
        f'oifname "lo" {family.name} daddr != {family.loopback} tcp dport != {free} '
        f"{owner} jump ISTIO_IN_REDIRECT"
    )
    if not options.loopback_included:
        kind, who = owner.rsplit(" ", 1)
        but = f"tcp dport != {redirect_dns.PORT} " if dns else ""
        yield f'oifname "lo" {but}{kind} != {who} return'
    yield f"{owner} return"


def _groups(options: Options) -> Iterator[str]:
    for gid in options.excluded_groups:
        yield f"meta skgid {gid} return"
    if options.included_groups == ("*",):
        return
    if len(options.included_groups) == 1:
        yield f"meta skgid != {options.included_groups[0]} return"
    elif options.included_groups:
        yield "meta skgid != { " + ", ".join(sorted(options.included_groups, key=int)) + " } return"


def _included(options: Options, family: Family) -> Iterator[str]:
    """The matches behind which outbound TCP goes to Envoy."""
    if options.included_cidrs == ("*",):
        yield "meta l4proto tcp "
        return
    for cidr in _of(family, options.included_cidrs):
        yield f"{family.name} daddr {cidr} meta l4proto tcp "


def _of(family: Family, cidrs: tuple[str, ...]) -> list[str]:
    return [cidr for cidr in cidrs if (":" in cidr) is (family.version == 6)]


def _chain(name: str, rules: list[str]) -> str:
    return f"\tchain {name} {{\n" + "".join(f"\t\t{rule}\n" for rule in rules) + "\t}\n"
