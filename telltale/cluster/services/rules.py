"""A forwarding table as nftables text: the whole of it, or only what changed. Pure.

    prerouting, output (nat)      front -> chain of the Service's port -> dnat to an endpoint
    guard-*            (filter)   behind NAT: refuse what has no endpoint, drop what no rule took
    forward            (filter)   pods stay on the bridge; nothing from outside comes in

Never: applying it. Nothing that is still addressed to the Service or pod range leaves the machine.
"""

import zlib
from collections.abc import Iterable

from telltale.cluster.services.settings import Host, Settings
from telltale.cluster.services.table import Back, Front, Missing, Table, Target

NOTE = "forwarding before:"  # what `clean` restores is noted in the table itself
STICKY_S = 10800  # Kubernetes' default sessionAffinityConfig.clientIP.timeoutSeconds


def everything(settings: Settings, table: Table, host: Host) -> str:
    """The ruleset from nothing; replaces the cluster's table in one transaction.

    Where the host does not show NAT what passes the bridge unrouted, connections between pods
    through a ClusterIP come from the bridge's address.
    """
    name = settings.table
    frame = _FRAME.format(
        name=name,
        bridge=settings.bridge,
        pods=settings.pod_cidr,
        here=settings.node_cidr,
        services=settings.service_cidr,
        egress=_elements("egress", [str(one) for one in settings.egress]),
        unseen="" if host.sees_bridged else _UNSEEN.format(here=settings.node_cidr),
    )
    noted = " ".join(f"{device}={old}" for device, old in sorted(host.forwarding.items()))
    frame = frame.replace("{", f'{{\n  comment "{NOTE} {noted}"', 1)
    begin = f"add table ip {name}\ndelete table ip {name}\n"
    return begin + frame + changes(name, {}, table)


def changes(name: str, before: Table, after: Table) -> str:
    """The commands that lead from one table to the other; empty when nothing changed."""
    lines: list[str] = []
    changed = [front for front in after if after[front] != before.get(front)]
    touched = [front for front in before if before[front] != after.get(front)]
    for front in sorted(touched):
        lines += _removed(front, before[front], kept=after.get(front))
    for front in sorted(changed):
        lines += _added(front, after[front], known=before.get(front))
    lines += _set_changes("cluster_ips", _addresses(before), _addresses(after))
    lines += _set_changes("hairpins", _hairpins(before), _hairpins(after))
    verbs = {"+": "add", "-": "delete", "0": "flush"}
    told = [f"{verbs[line[0]]} {_placed(line[1:], name)}" for line in lines]
    return "".join(f"{line}\n" for line in told)


def mark_of(front: Front) -> int:
    """The conntrack mark of a UDP front, by which its entries are found again."""
    return zlib.crc32(f"{front.address} {front.protocol} {front.port}".encode()) or 1


def stale(before: Table, after: Table) -> dict[Front, set[Back]]:
    """UDP fronts that lost endpoints: conntrack would go on sending to these."""
    lost: dict[Front, set[Back]] = {}
    for front, target in before.items():
        if front.protocol == "udp" and after.get(front) != target:
            kept = set(after[front].backs) if front in after else set()
            if gone := set(target.backs) - kept:
                lost[front] = gone
    return lost


def newcomers(before: Table, after: Table) -> set[str]:
    """Endpoints that were in no row before."""
    return _backs(after) - _backs(before)


def clean(name: str) -> str:
    """Removes the cluster's table, whether it is there or not."""
    return f"add table ip {name}\ndelete table ip {name}\n"


# A line is a sign (+ add, - delete, 0 flush), the sort of thing, and the rest.


def _added(front: Front, target: Target, known: Target | None) -> list[str]:
    if not target.backs:
        return _silenced("+", front, target)
    stays = _same_chain(known, target)
    lines = [] if stays else [f"+chain {_chain(target)}"]
    if target.sticky:
        lines += _sticky(front, target, known if stays else None)
    else:
        lines.append(f"+rule {_chain(target)} {_mark(front)}{_spread(front, target)}")
    if not stays:
        lines.append(f"+element services {{ {_key(front)} : goto {_chain(target)} }}")
    return lines


def _removed(front: Front, target: Target, kept: Target | None) -> list[str]:
    if not target.backs:
        return _silenced("-", front, target)
    stays = _same_chain(kept, target)
    lines = [] if stays else [f"-element services {{ {_key(front)} }}"]
    lines.append(f"0chain {_chain(target)}")
    for back in _leaving(target, kept if stays else None):
        lines.append(f"0chain {_chain_of(target, back)}")
        lines.append(f"-chain {_chain_of(target, back)}")
        lines.append(f"-set {_clients_of(target, back)}")
    return lines if stays else [*lines, f"-chain {_chain(target)}"]


def _silenced(sign: str, front: Front, target: Target) -> list[str]:
    """Without endpoints an address of a Service refuses; only `Missing.DROP` needs saying."""
    drops = target.missing is Missing.DROP
    return [f"{sign}element silent {{ {_key(front)} }}"] if drops else []


def _same_chain(one: Target | None, other: Target) -> bool:
    return one is not None and bool(one.backs) and one.name == other.name


def _leaving(target: Target, other: Target | None) -> list[Back]:
    """The sticky endpoints of `target` that `other` has not: the rest keep their clients."""
    if not target.sticky:
        return []
    stay = other.backs if other is not None and other.sticky else ()
    return [back for back in target.backs if back not in stay]


def _spread(front: Front, target: Target) -> str:
    """One endpoint by lot."""
    if len(target.backs) == 1:
        return f"meta l4proto {front.protocol} dnat to {_to(target.backs[0])}"
    parts = ", ".join(
        f"{number} : {back.address} . {back.port}" for number, back in enumerate(target.backs)
    )
    lot = f"numgen random mod {len(target.backs)} map {{ {parts} }}"
    return f"meta l4proto {front.protocol} dnat ip to {lot}"


def _sticky(front: Front, target: Target, known: Target | None) -> list[str]:
    """A client stays with its endpoint until it was silent for `STICKY_S`, or the endpoint goes."""
    lines: list[str] = []
    for back in _leaving(target, known):
        clients, chain = _clients_of(target, back), _chain_of(target, back)
        flags = f"flags dynamic,timeout; timeout {STICKY_S}s;"
        lines.append(f"+set {clients} {{ type ipv4_addr; size 65535; {flags} }}")
        lines.append(f"+chain {chain}")
        lines.append(
            f"+rule {chain} {_mark(front)}update @{clients} {{ ip saddr }} "
            f"meta l4proto {front.protocol} dnat to {_to(back)}"
        )
    for back in target.backs:
        seen = f"ip saddr @{_clients_of(target, back)} goto {_chain_of(target, back)}"
        lines.append(f"+rule {_chain(target)} {seen}")
    ways = ", ".join(
        f"{number} : goto {_chain_of(target, back)}" for number, back in enumerate(target.backs)
    )
    lot = f"numgen random mod {len(target.backs)} vmap {{ {ways} }}"
    return [*lines, f"+rule {_chain(target)} {lot}"]


def _mark(front: Front) -> str:
    return f"ct mark set {mark_of(front)} " if front.protocol == "udp" else ""


def _set_changes(name: str, before: set[str], after: set[str]) -> list[str]:
    gone, come = sorted(before - after), sorted(after - before)
    return [
        f"{sign}element {name} {{ {', '.join(group)} }}"
        for sign, group in (("-", gone), ("+", come))
        if group
    ]


def _addresses(table: Table) -> set[str]:
    return {front.address for front in table}


def _hairpins(table: Table) -> set[str]:
    """Endpoints that may meet themselves through a ClusterIP: source and destination are one."""
    return {f"{address} . {address}" for address in _backs(table)}


def _backs(table: Table) -> set[str]:
    return {back.address for target in table.values() for back in target.backs}


def _placed(line: str, table: str) -> str:
    sort, _, rest = line.partition(" ")
    return f"{sort} ip {table} {rest}"


def _key(front: Front) -> str:
    return f"{front.address} . {front.protocol} . {front.port}"


def _to(back: Back) -> str:
    return f"{back.address}:{back.port}"


def _chain(target: Target) -> str:
    return f"s-{target.name}"


def _chain_of(target: Target, back: Back) -> str:
    return f"e-{target.name}-{back.address}-{back.port}"


def _clients_of(target: Target, back: Back) -> str:
    return f"c-{target.name}-{back.address}-{back.port}"


def _elements(name: str, members: Iterable[str]) -> str:
    listed = ", ".join(members)
    filled = f" elements = {{ {listed} }}" if listed else ""
    return f"set {name} {{ type ipv4_addr; flags interval;{filled} }}"


_UNSEEN = "ip saddr {here} ip daddr {here} ct status dnat masquerade"

_FRAME = """table ip {name} {{
  map services {{ type ipv4_addr . inet_proto . inet_service : verdict; }}
  set silent {{ type ipv4_addr . inet_proto . inet_service; }}
  set cluster_ips {{ type ipv4_addr; }}
  set hairpins {{ type ipv4_addr . ipv4_addr; }}
  {egress}

  chain dial {{ ip daddr . meta l4proto . th dport vmap @services; }}
  chain prerouting {{
    type nat hook prerouting priority dstnat;
    iifname "{bridge}" ip daddr {services} jump dial
  }}
  chain output {{
    type nat hook output priority -100;
    ip daddr {services} jump dial
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    ip saddr . ip daddr @hairpins ct status dnat masquerade
    {unseen}
    oifname "{bridge}" ip saddr != {pods} ct status dnat masquerade
    oifname != "{bridge}" ip saddr {here} ip daddr @egress masquerade
  }}

  chain unanswered {{
    ip daddr . meta l4proto . th dport @silent drop
    ip daddr @cluster_ips meta l4proto tcp reject with tcp reset
    ip daddr @cluster_ips reject with icmp port-unreachable
  }}
  chain guard-in {{
    type filter hook prerouting priority dstnat + 50;
    ct state established,related accept
    iifname "{bridge}" ip daddr {services} jump unanswered
    iifname "{bridge}" ip daddr {services} counter drop comment "a stale ClusterIP: silence"
    iifname "{bridge}" ip daddr {pods} ip daddr != {here} counter drop
    iifname != {{ "{bridge}", "lo" }} ip daddr {{ {services}, {pods} }} counter drop
  }}
  chain guard-out {{
    type filter hook output priority filter;
    oifname "{bridge}" icmp type redirect drop
    ip daddr {services} jump unanswered
    oifname != {{ "{bridge}", "lo" }} ip daddr {{ {services}, {pods} }} counter drop
  }}
  chain forward {{
    type filter hook forward priority filter;
    ip daddr {services} counter drop
    ip daddr {pods} ip daddr != {here} counter drop
    iifname "{bridge}" oifname "{bridge}" accept
    ct state established,related accept
    iifname "{bridge}" ip saddr {here} ip daddr @egress accept
    iifname "{bridge}" counter drop comment "pods have no way out"
    oifname "{bridge}" counter drop comment "nobody from outside"
    ip daddr {pods} counter drop
  }}
}}
"""
