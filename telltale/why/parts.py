"""Which objects are the cluster's DNS, which are the pilot, and whom each keeps waiting. Pure.

They are recognised by what pods ask and by the labels of the field, never by an address of ours.
Never: a verdict about them.
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from telltale.kube import selector
from telltale.kube.apps import Deployment
from telltale.kube.codec import convert, dig
from telltale.kube.core import Container, ContainerPort, Pod
from telltale.kube.service import Service, ServicePort
from telltale.why.pods import PodKey, held_back, key_of, waits_for_config
from telltale.why.world import World, template_labels

DNS_NAMES = ("kube-dns", "coredns", "rke2-coredns-rke2-coredns", "dns-default")
PILOT_NAMES = ("istio-pilot", "istiod")
PILOT_APPS = ("pilot", "istiod")
BEFORE_CONFIG = ("resolve", "dial", "tls", "auth", "subscribe")


@dataclass(frozen=True, slots=True)
class Part:
    """A Service and the Deployment that is meant to stand behind it; either may be missing."""

    service: Service | None
    workload: Deployment | None
    pods: tuple[Pod, ...]

    @property
    def ready(self) -> tuple[Pod, ...]:
        return tuple(pod for pod in self.pods if pod.ready)

    @property
    def selects_workload(self) -> bool:
        if not self.service or not self.workload or not self.service.spec.selector:
            return False
        chosen = selector.equal(self.service.spec.selector)
        return chosen.matches(template_labels(self.workload))


@dataclass(frozen=True, slots=True)
class Dns(Part):
    """`nameserver` is what pods ask ("" when nobody could say), `asker` one pod that says so."""

    nameserver: str = ""
    asker: Pod | None = None
    holder: Service | None = None  # whose ClusterIP the nameserver is

    @property
    def local(self) -> bool:
        """A node-local cache, not a ClusterIP."""
        return bool(self.nameserver) and ipaddress.ip_address(self.nameserver).is_link_local


@dataclass(frozen=True, slots=True)
class Pilot(Part):
    target: str = ""


def dns(world: World) -> Dns:
    said = world.nameservers()
    nameserver, asker = said[0] if said else (world.cluster_dns, None)
    holder = next(iter(world.holders(nameserver)), None)
    service = holder if holder is not None and _serves_dns(holder) else _dns_service(world)
    namespace = service.metadata.namespace if service else "kube-system"
    workload = _behind(world, service, namespace, _looks_like_dns)
    pods = world.pods_of(workload) if workload else world.selected(service) if service else ()
    return Dns(service, workload, pods, nameserver, asker, holder)


def pilot(world: World) -> Pilot:
    targets = sorted({one.target for one in world.reports.values() if one.target})
    target = targets[0] if len(targets) == 1 else ""
    service = _pilot_service(world, target)
    namespace = service.metadata.namespace if service else "istio-system"
    workload = _behind(world, service, namespace, _looks_like_pilot)
    pods = world.pods_of(workload) if workload else world.selected(service) if service else ()
    return Pilot(service, workload, pods, target or _target_of(service))


def stuck(world: World, stages: Iterable[str]) -> tuple[PodKey, ...]:
    """The pods in focus whose proxy waits for its configuration at one of these stages."""
    wanted = set(stages)
    found = [
        key_of(pod)
        for pod in world.focused()
        if waits_for_config(pod) and (report := world.report(pod)) and report.stage in wanted
        and not report.unsettled
    ]  # fmt: skip
    return tuple(sorted(found))


def silent(world: World) -> tuple[PodKey, ...]:
    """The pods in focus whose proxy waits, and of which nothing more is known."""
    return tuple(
        sorted(
            key_of(pod)
            for pod in world.focused()
            if waits_for_config(pod) and world.report(pod) is None
        )
    )


def connected_now(world: World, key: PodKey) -> bool | None:
    """Whether the pilot serves this proxy; None when nobody could say."""
    if (own := world.reports.get(key)) is not None:
        return own.connected
    return None if world.connected is None else key in world.connected


def intended_selector(part: Part) -> dict[str, str]:
    """The selector that would select the workload; empty when only a guess could be made.

    The keys that the selector has already, with the workload's values; failing that, the labels
    that the Service itself shares with its pods.
    """
    if not part.service or not part.workload:
        return {}
    labels = template_labels(part.workload)
    now = part.service.spec.selector
    if now and all(key in labels for key in now):
        return {key: labels[key] for key in now}
    own = part.service.metadata.labels
    return {key: value for key, value in own.items() if labels.get(key) == value}


def dns_port(part: Part) -> ContainerPort | None:
    """The container port on which the DNS pods take queries over UDP; None when it is not clear."""
    declared = [port for one in _containers(part) for port in one.ports if port.protocol == "UDP"]
    named = [port for port in declared if port.name == "dns"]
    chosen = named or declared
    return chosen[0] if len(chosen) == 1 else None


def udp_port(service: Service) -> ServicePort | None:
    return next(
        (one for one in service.spec.ports if one.port == 53 and one.protocol == "UDP"), None
    )


def _serves_dns(service: Service) -> bool:
    labelled = service.metadata.labels.get("k8s-app") in DNS_NAMES
    named = service.metadata.name in DNS_NAMES
    return labelled or named or any(one.port == 53 for one in service.spec.ports)


def _dns_service(world: World) -> Service | None:
    """The labelled one with a ClusterIP, else the one with a name of the field."""
    real = [one for one in world.services if not one.headless and one.spec.cluster_ip]
    labelled = [one for one in real if one.metadata.labels.get("k8s-app") == "kube-dns"]
    named = [one for one in real if one.metadata.name in DNS_NAMES]
    for choice in (
        [one for one in labelled if one in named],
        labelled,
        [one for one in named if one.metadata.namespace == "kube-system"],
        named,
    ):
        if len(choice) == 1:
            return choice[0]
    return None


def _pilot_service(world: World, target: str) -> Service | None:
    host = target.rpartition(":")[0] or target
    name, _, rest = host.partition(".")
    namespace = rest.partition(".")[0]
    if name and namespace:
        return world.service(namespace, name)
    for known in PILOT_NAMES:
        found = [one for one in world.services if one.metadata.name == known]
        if len(found) == 1:
            return found[0]
    return None


def _target_of(service: Service | None) -> str:
    return f"{service.metadata.name}.{service.metadata.namespace}:15010" if service else ""


def _behind(
    world: World, service: Service | None, namespace: str, alike: Callable[[Deployment], bool]
) -> Deployment | None:
    """The Deployment that a Service selects, else the one that looks the part."""
    near = [one for one in world.deployments if one.metadata.namespace == namespace]
    if service and service.spec.selector:
        chosen = selector.equal(service.spec.selector)
        for one in near:
            if chosen.matches(template_labels(one)):
                return one
    alikes = [one for one in near if alike(one)]
    return alikes[0] if len(alikes) == 1 else None


def _looks_like_dns(one: Deployment) -> bool:
    labels = template_labels(one)
    return labels.get("k8s-app") in DNS_NAMES or one.metadata.name in DNS_NAMES


def _looks_like_pilot(one: Deployment) -> bool:
    return (
        template_labels(one).get("app") in PILOT_APPS
        or template_labels(one).get("istio") in PILOT_APPS
        or one.metadata.name in PILOT_NAMES
    )


def _containers(part: Part) -> list[Container]:
    if part.workload:
        plain = dig(part.workload.spec.template, "spec", "containers", default=[])
        return convert(list[Container], plain)
    return list(part.pods[0].spec.containers) if part.pods else []


@dataclass(frozen=True, slots=True)
class Victims:
    """Pods that a fault keeps waiting; `certain` when their agents said so, or will start."""

    pods: tuple[PodKey, ...]
    certain: bool


def victims(world: World, stages: Iterable[str]) -> Victims:
    """Those who are stuck at these stages; when no agent could be asked, those who only wait."""
    held = {key_of(pod) for pod in world.focused() if held_back(pod)}
    found = tuple(sorted({*stuck(world, stages), *held}))
    if found:
        return Victims(found, True)
    unheard = silent(world) if not world.reports else ()
    return Victims(unheard, not unheard)
