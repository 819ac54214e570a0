"""What it is not: for every look-alike the observation that excludes it. Pure.

Never: an exclusion without an observation; what could not be seen is not ruled out.
"""

from collections.abc import Iterator

from telltale.why import parts
from telltale.why.parts import Dns, Part, Pilot
from telltale.why.pods import PodKey, apps, key_of, sidecar
from telltale.why.world import World


def exclusions(world: World, affected: tuple[PodKey, ...]) -> Iterator[tuple[str, str]]:
    """Pairs of a cause's name and why it is not that one."""
    yield from _dns(parts.dns(world))
    yield from _dns_endpoints(world, parts.dns(world))
    yield from _pilot(world, parts.pilot(world))
    yield from _pods(world, affected)


def _dns(dns: Dns) -> Iterator[tuple[str, str]]:
    service, target = dns.service, parts.dns_port(dns)
    if service is None:
        return
    if dns.nameserver and dns.holder is service:
        yield "dns-service-moved", f"DNS moved (it is at {dns.nameserver}, where pods ask)"
    if dns.nameserver and dns.holder is None:
        yield "dns-address-taken", f"its address taken (no Service has {dns.nameserver})"
    udp = parts.udp_port(service)
    if udp and target and (udp.target_port or udp.port) in (target.container_port, target.name):
        yield "dns-service-port-wrong", f"DNS port wrong (53/UDP goes to {target.container_port})"


def _dns_endpoints(world: World, dns: Part) -> Iterator[tuple[str, str]]:
    if dns.ready:
        yield "dns-no-ready-pod", f"DNS down ({_count(len(dns.ready), 'ready pod')})"
    if dns.service and dns.selects_workload:
        yield "dns-service-selects-nothing", "DNS selector wrong (it matches the DNS pods)"


def _pilot(world: World, pilot: Pilot) -> Iterator[tuple[str, str]]:
    if pilot.workload and pilot.workload.spec.replicas:
        wanted = pilot.workload.spec.replicas
        yield "pilot-scaled-to-zero", f"pilot scaled to zero ({wanted} wanted)"
    if pilot.ready:
        yield "pilot-crash-loop", f"pilot down ({_count(len(pilot.ready), 'ready pod')})"
    if pilot.service and pilot.selects_workload and world.endpoints(pilot.service):
        count = world.endpoints(pilot.service)
        yield (
            "pilot-service-selects-nothing",
            f"pilot's selector wrong ({_count(count, 'endpoint')})",
        )


def _pods(world: World, affected: tuple[PodKey, ...]) -> Iterator[tuple[str, str]]:
    pods = [pod for pod in world.pods if key_of(pod) in affected]
    proxies = [proxy for pod in pods if (proxy := sidecar(pod))]
    if proxies and all(proxy.ready for proxy in proxies):
        yield "envoy-crashed", "the mesh (istio-proxy is ready)"
    elif proxies and all(proxy.restart_count == 0 for proxy in proxies):
        yield "envoy-crashed", "Envoy crashed (istio-proxy has not restarted)"
    containers = [status for pod in pods for status in apps(pod)]
    if containers and all(status.ready for status in containers):
        yield "app-readiness-fails", "the app (its containers are ready)"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
