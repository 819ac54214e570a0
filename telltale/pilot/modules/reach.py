"""Where the pilot may fetch from on a user's word: decided here and nowhere else. Pure.

Whoever may write a WasmPlugin makes the pilot open connections. So addresses that mean something
else to the pilot than to them (its own loopback, a cloud's metadata) are never dialled, and private
ones only when they are the mesh's own, or whoever runs the pilot has named their network. Never:
a name; what is judged is the address that is dialled.
"""

import ipaddress
from collections.abc import Iterable


def refusal(address: str, networks: Iterable[str], *, ours: bool) -> str:
    """Why it is not dialled; empty when it may be. `ours`: a Service or a pod has it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address} is no address"
    found = getattr(found, "ipv4_mapped", None) or found
    if any(found in ipaddress.ip_network(one, strict=False) for one in networks):
        return ""
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified:
        return f"{address} is the pilot's own neighbourhood"
    if not found.is_global and not ours:
        return f"{address} is a private address, and no Service's or pod's"
    return ""
