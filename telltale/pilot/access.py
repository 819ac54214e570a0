"""Who may look at the debug pages, over HTTP or xDS: decided here and nowhere else. Pure.

Never: what they show.
"""

import ipaddress


def may_debug(address: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether a caller may see the debug pages: by its address alone, for now.

    Loopback always; and the networks given, which are those of the nodes, for that is where the API
    server's pods/proxy comes from. A workload's own address is in none of them.
    """
    try:
        caller = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return caller.is_loopback or any(caller in ipaddress.ip_network(one) for one in allowed)
