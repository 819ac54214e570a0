"""The options of `istio-iptables`: parsed and checked into one frozen value. Pure.

Every text that later stands in an nft script is checked here, so nothing else can get into one.
Never: a default of the mesh's that differs from Istio's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network


class OptionError(ValueError):
    """An option's value that cannot be used: names the option, the value, and the form that is
    accepted.
    """


@dataclass(frozen=True, slots=True)
class Options:
    """`("*",)` stands for all, `()` for none. CIDRs are in the shortest form, a single address
    without /32.
    """

    outbound_port: int = 15001
    inbound_port: int = 15006
    uids: tuple[str, ...] = ("1337",)
    gids: tuple[str, ...] = ("1337",)
    inbound_ports: tuple[str, ...] = ("*",)
    excluded_inbound_ports: tuple[str, ...] = ()
    included_cidrs: tuple[str, ...] = ("*",)
    excluded_cidrs: tuple[str, ...] = ()
    outbound_ports: tuple[str, ...] = ()
    excluded_outbound_ports: tuple[str, ...] = ()
    virtual_interfaces: tuple[str, ...] = ()
    excluded_interfaces: tuple[str, ...] = ()
    included_groups: tuple[str, ...] = ("*",)
    excluded_groups: tuple[str, ...] = ()
    drop_invalid: bool = False
    dual_stack: bool = False
    nameservers: tuple[str, ...] = ()  # whose DNS the agent answers
    dns_port: int = 15053

    @property
    def loopback_included(self) -> bool:
        """The user asked for loopback to be captured by naming it."""
        return any(c.startswith("127.") or c == "::1" for c in self.included_cidrs)


def port(option: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise OptionError(f'{option}: "{text}" is not a port (1-65535)')
    return int(text)


def ports(option: str, text: str) -> tuple[str, ...]:
    return _each(option, text, lambda one: str(port(option, one)))


def ports_or_all(option: str, text: str) -> tuple[str, ...]:
    return ("*",) if text == "*" else ports(option, text)


def cidrs(option: str, text: str) -> tuple[str, ...]:
    return _each(option, text, lambda one: _cidr(option, one))


def cidrs_or_all(option: str, text: str) -> tuple[str, ...]:
    return ("*",) if text == "*" else cidrs(option, text)


def numbers(option: str, text: str) -> tuple[str, ...]:
    """User or group ids."""

    def number(one: str) -> str:
        if not one.isdecimal() or int(one) > 0xFFFFFFFE:
            raise OptionError(f'{option}: "{one}" is not a numeric id; give a list such as 1337')
        return str(int(one))

    return _each(option, text, number)


def numbers_or_all(option: str, text: str) -> tuple[str, ...]:
    return ("*",) if text == "*" else numbers(option, text)


def interfaces(option: str, text: str) -> tuple[str, ...]:
    def interface(one: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,15}", one):
            raise OptionError(f'{option}: "{one}" is not the name of a network interface')
        return one

    return _each(option, text, interface)


def _each(option: str, text: str, read: Callable[[str], str]) -> tuple[str, ...]:
    """Comma separated, in the order given, each value once."""
    if not text.strip():
        return ()
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise OptionError(f'{option}: "{text}" has an empty place between its commas')
    return tuple(dict.fromkeys(read(word) for word in words))


def _cidr(option: str, text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise OptionError(
            f'{option}: "{text}" is not a CIDR; give * or a list such as 10.0.0.0/8,192.168.1.7'
        ) from None
    one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if one else str(network)
