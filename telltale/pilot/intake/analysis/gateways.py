"""The gateways that VirtualServices name: whether they are there, and have the hosts. Pure."""

from collections.abc import Iterator

from telltale.kube.istio.gateway import Gateway
from telltale.kube.istio.virtualservice import VirtualService
from telltale.model.route import MESH
from telltale.pilot.intake.analysis.seen import Seen, Written
from telltale.pilot.intake.problem import Level, Problem


def check(seen: Seen) -> Iterator[Problem]:
    for written, spec in seen.virtual_services:
        for i, name in enumerate(spec.gateways):
            if name == MESH:
                continue
            place = name if "/" in name else f"{written.ref.namespace}/{name}"
            gateway = seen.gateways.get(place)
            if gateway:
                yield from _hosts(written, spec, (place, gateway))
            elif not _may_be_elsewhere(seen, place):
                yield written.problem(
                    f"spec.gateways[{i}]", f'there is no Gateway "{place}"',
                    "its routes hold for nobody there", "create it, or correct the name",
                    code="gateway-not-found",
                )  # fmt: skip


def _may_be_elsewhere(seen: Seen, place: str) -> bool:
    namespace = place.partition("/")[0]
    return seen.partial and not any(one.startswith(f"{namespace}/") for one in seen.gateways)


def _hosts(
    written: Written, spec: VirtualService, of: tuple[str, Gateway]
) -> Iterator[Problem]:
    place, gateway = of
    offered = [one for server in gateway.servers for one in server.hosts]
    for i, host in enumerate(spec.hosts):
        if not any(_taken(one, host, written.ref.namespace, place) for one in offered):
            yield written.problem(
                f"spec.hosts[{i}]", f'Gateway {place} has no server for "{host}"',
                "its routes hold for nobody there",
                f"its hosts are {', '.join(dict.fromkeys(offered)) or 'none'}",
                code="host-not-in-gateway", level=Level.WARNING,
            )  # fmt: skip


def _taken(offered: str, host: str, namespace: str, place: str) -> bool:
    """Whether a server's `[NAMESPACE/]HOST` takes a host from a namespace."""
    whose, slash, name = offered.rpartition("/")
    own = place.partition("/")[0]
    if slash and whose not in ("*", namespace) and not (whose == "." and namespace == own):
        return False
    return covers(name, host) or covers(host, name)


def covers(pattern: str, host: str) -> bool:
    """`*` and `*.suffix` cover what ends so; any other name covers itself."""
    pattern, host = pattern.lower(), host.lower()
    return pattern == host or (pattern.startswith("*") and host.endswith(pattern[1:]))
