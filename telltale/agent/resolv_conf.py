"""resolv.conf(5) and hosts(5) as glibc reads them. Pure. Never: a question to anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ResolvConf:
    nameservers: tuple[str, ...] = ("127.0.0.1",)
    search: tuple[str, ...] = ()
    ndots: int = 1
    hosts: Mapping[str, str] = field(default_factory=dict)


def read_resolv_conf(text: str, hosts: str = "") -> ResolvConf:
    """As glibc: the last `search` counts, at most three nameservers, ndots at most 15."""
    nameservers: list[str] = []
    search: tuple[str, ...] = ()
    ndots = 1
    for line in text.splitlines():
        match line.split("#")[0].split():
            case ["nameserver", address, *_]:
                nameservers.append(address)
            case ["search", *domains]:
                search = tuple(domain.rstrip(".") for domain in domains)
            case ["options", *options]:
                said = [o[6:] for o in options if o.startswith("ndots:") and o[6:].isdecimal()]
                ndots = min(int(said[-1]), 15) if said else ndots
    return ResolvConf(tuple(nameservers[:3]) or ("127.0.0.1",), search, ndots, _hosts(hosts))


def _hosts(text: str) -> dict[str, str]:
    """hosts(5): the first IPv4 address of each name counts."""
    table: dict[str, str] = {}
    for line in text.splitlines():
        match line.split("#")[0].split():
            case [address, *known] if ":" not in address:
                for name in known:
                    table.setdefault(name.lower(), address)
    return table


def names(name: str, conf: ResolvConf) -> list[str]:
    """What is asked, in order: with fewer dots than ndots the search list comes first."""
    if name.endswith("."):
        return [name.rstrip(".")]
    searched = [f"{name}.{domain}" for domain in conf.search]
    return [*searched, name] if name.count(".") < conf.ndots else [name, *searched]
