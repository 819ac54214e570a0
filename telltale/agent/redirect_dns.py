"""The rules that lead the workload's DNS to the agent beside it, as nftables text. Pure.

    app -> nameserver:53      becomes      app -> 127.0.0.1:15053

Two zones of conntrack keep what the app asks and what the agent asks apart: the agent may come to
use the port that the app has just used, and its question would be led back to itself. Never: DNS of
the proxy's own user.
"""

from collections.abc import Iterator
from typing import Protocol

from telltale.agent.redirect_options import Options

PORT = 53
AGENTS, WORKLOADS = 1, 2  # zones


class Family(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...


def captured(options: Options, family: Family) -> Iterator[str]:
    """In the chain of what goes out, behind the rules that leave the proxy's own alone."""
    for match in _servers(options, family, "daddr"):
        for kind in ("udp", "tcp"):
            yield f"{match}{kind} dport {PORT} redirect to :{options.dns_port}"


def zones(options: Options, family: Family) -> dict[str, list[str]]:
    """The chains that sort questions before they are followed; none without capture."""
    owners = [f"meta skuid {uid}" for uid in options.uids]
    owners += [f"meta skgid {gid}" for gid in options.gids]
    others = " ".join(one.replace("id ", "id != ") for one in owners)
    asked = [*_servers(options, family, "daddr")]
    if not asked:
        return {}
    outgoing = [f"udp dport {PORT} {one} ct zone set {AGENTS}" for one in owners]
    outgoing += [f"{one}udp dport {PORT} {others} ct zone set {WORKLOADS}" for one in asked]
    outgoing.append(f"udp sport {options.dns_port} ct zone set {WORKLOADS}")
    incoming = [
        f"{one}udp sport {PORT} ct zone set {AGENTS}"
        for one in _servers(options, family, "saddr")
    ]
    return {
        "DNS_ZONES_OUTPUT": ["type filter hook output priority -300; policy accept;", *outgoing],
        "DNS_ZONES_PREROUTING": [
            "type filter hook prerouting priority -300; policy accept;", *incoming
        ],
    }  # fmt: skip


def _servers(options: Options, family: Family, side: str) -> Iterator[str]:
    """A match a nameserver of the family, or one for all."""
    if options.nameservers == ("*",):
        yield ""
        return
    for server in options.nameservers:
        if (":" in server) is (family.version == 6):
            yield f"{family.name} {side} {server} "
