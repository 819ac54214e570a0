"""Ports of Services: names that say nothing, one container port under two protocols. Pure."""

from collections import defaultdict
from collections.abc import Iterator

from telltale.kube import service as kube
from telltale.kube.meta import Ref
from telltale.model.mesh import Mesh
from telltale.model.service import Port, Protocol, Service
from telltale.model.workload import Workload
from telltale.pilot.intake.analysis.proxies import SYSTEM
from telltale.pilot.intake.analysis.seen import Seen, selects
from telltale.pilot.intake.problem import Level, Problem
from telltale.pilot.intake.services import protocol_of


def check(seen: Seen) -> Iterator[Problem]:
    for one in seen.objects.services:
        if one.metadata.namespace not in SYSTEM:
            yield from _unsaid(one)
    yield from _at_odds(seen.mesh)


def _unsaid(one: kube.Service) -> Iterator[Problem]:
    """Nothing wrong as such, but what speaks second is waited for a moment."""
    outside = one.spec.type == "ExternalName"
    for i, port in enumerate(one.spec.ports):
        if port.protocol != "TCP" or protocol_of(port) is not Protocol.AUTO or port.app_protocol:
            continue
        named = f'the name "{port.name}"' if port.name else "no name"
        yield Problem(
            Ref("Service", one.metadata.namespace, one.metadata.name), f"spec.ports[{i}].name",
            f"{named} and no appProtocol say what is spoken on port {port.port}",
            "it is found out from the first bytes of each connection",
            "name it http, grpc, tcp-.. or the like, or set appProtocol",
            Level.WARNING if outside else Level.INFO,
            "external-name-port-name" if outside else "port-name",
        )  # fmt: skip


def _at_odds(mesh: Mesh) -> Iterator[Problem]:
    """Services that send to one container port and disagree on what it speaks: told once each."""
    told: set[tuple[str, str]] = set()
    for workload in mesh.workloads.values():
        targets: dict[int, list[tuple[Service, Port]]] = defaultdict(list)
        for service in mesh.services.values():
            if selects(service, workload):
                for port in service.ports:
                    if number := _number(port, workload):
                        targets[number].append((service, port))
        for number, found in targets.items():
            (first, port), *others = found
            for service, other in others:
                pair = first.host, service.host
                both = {port.protocol, other.protocol}
                if len(both) > 1 and Protocol.AUTO not in both and pair not in told:
                    told.add(pair)
                    yield _odd(service, (first, port), other, number)


def _odd(service: Service, first: tuple[Service, Port], other: Port, number: int) -> Problem:
    elder, port = first
    return Problem(
        Ref("Service", service.namespace, service.name),
        f"spec.ports[{other.name or other.number}]",
        f"{other.protocol} to container port {number}, which service {elder.namespace}/{elder.name}"
        f" says speaks {port.protocol}",
        "what comes in is read as the elder says", "let both say the same",
        Level.WARNING, "port-protocols-differ",
    )  # fmt: skip


def _number(port: Port, workload: Workload) -> int | None:
    return workload.ports.get(port.target) if isinstance(port.target, str) else port.target
