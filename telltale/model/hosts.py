"""Names with wildcards: what two of them have in common. Never: whose names they are."""

from telltale.model.gateway import Server
from telltale.model.route import Routing


def shared(one: str, other: str) -> str:
    """The names that both mean, as a name of its own; empty when there are none."""
    if one == other or covers(one, other):
        return other
    return one if covers(other, one) else ""


def covers(wide: str, name: str) -> bool:
    """Whether everything that `name` means is meant by `wide`: `*.b.c` covers `a.b.c`."""
    if wide == "*":
        return True
    return wide.startswith("*.") and name != "*" and name.endswith(wide[1:])


def served(server: Server, routing: Routing) -> tuple[str, ...]:
    """The hosts of a routing that a server answers to, as narrow as the narrower of both."""
    found: dict[str, None] = {}
    for name in routing.hosts:
        for host in server.hosts:
            if host.namespace in ("*", routing.origin.namespace):
                found[shared(host.name, name)] = None
    return tuple(name for name in found if name)
