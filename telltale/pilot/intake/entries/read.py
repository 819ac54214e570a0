"""ServiceEntries into services and the endpoints that they list. Pure.

A host of an object is a service of its own. Never: which workloads a selector means (`members`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telltale.kube.codec import dig
from telltale.kube.istio import serviceentry as istio
from telltale.kube.istio.kinds import SERVICE_ENTRY
from telltale.kube.istio.message import Config
from telltale.lib.memo import Memo
from telltale.model.mesh import Behind
from telltale.model.scope import Origin
from telltale.model.service import Discovery, Endpoint, Port, Service
from telltale.model.workload import Machine
from telltale.pilot.intake import protocols
from telltale.pilot.intake.entries import members
from telltale.pilot.intake.entries.rules import refused
from telltale.pilot.intake.istio import Reader, labels, read_all
from telltale.pilot.intake.problem import Problem

_HOW = {
    "NONE": Discovery.DIALLED, "STATIC": Discovery.LISTED, "DNS": Discovery.NAMES,
    "DNS_ROUND_ROBIN": Discovery.NAME, "DYNAMIC_DNS": Discovery.ASKED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declared:
    """A service, and what stands behind it where no selector says so.

    `given`: the addresses that it has been given, also those that the mesh does not serve.
    """

    service: Service
    behind: Behind
    origin: Origin
    given: tuple[str, ...] = ()


def read(
    given: Iterable[Config], domain: str, memo: Memo | None = None
) -> tuple[list[Declared], list[Problem]]:
    found, problems = read_all(
        SERVICE_ENTRY, istio.ServiceEntry, given, domain, _entry, memo=memo
    )
    return [one for group in found for one in group], problems


def _entry(reader: Reader, spec: istio.ServiceEntry) -> tuple[Declared, ...] | None:
    if refused(reader, spec):
        return None
    hosts = dict.fromkeys(host.lower().rstrip(".") for host in spec.hosts)
    return tuple(_declared(reader, spec, host) for host in hosts)


def declaring(
    given: Iterable[Config], known: Iterable[Service]
) -> dict[tuple[str, str], tuple[Service, ...]]:
    """By an object's namespace and name, those of the known services that it declares."""
    mine = {(one.namespace, one.host): one for one in known if one.declared}
    found: dict[tuple[str, str], tuple[Service, ...]] = {}
    for one in given:
        hosts, namespace = dig(one.spec, "hosts"), one.metadata.namespace
        named = [str(host).lower().rstrip(".") for host in hosts] if isinstance(hosts, list) else []
        places = [(namespace, host) for host in dict.fromkeys(named)]
        found[namespace, one.metadata.name] = tuple(mine[at] for at in places if at in mine)
    return found


def _declared(reader: Reader, spec: istio.ServiceEntry, host: str) -> Declared:
    chosen = spec.workload_selector
    service = Service(
        name=host, namespace=reader.namespace, host=host,
        ports=tuple(_port(one) for one in spec.ports if one.protocol.lower() != "udp"),
        addresses=tuple(dict.fromkeys(spec.addresses)),
        discovery=_HOW[spec.resolution],
        selector=labels(chosen.labels) if chosen else (),
        created=reader.origin.created,
        scope=reader.scope(spec.export_to),
        declared=True,
        external=spec.location == "MESH_EXTERNAL",
        sans=tuple(dict.fromkeys(spec.subject_alt_names)),
    )  # fmt: skip
    return Declared(service, dict(_behind(service, spec)), reader.origin)


def _port(given: istio.ServicePort) -> Port:
    number = given.number or 0
    said = protocols.BY_WORD.get(given.protocol.lower())
    protocol = said or protocols.of(number, given.name)
    return Port(number, protocol, given.name, given.target_port or number)


def _behind(
    service: Service, spec: istio.ServiceEntry
) -> Iterator[tuple[int, tuple[Endpoint, ...]]]:
    ends = [machine("", service.namespace, one) for one in spec.endpoints]
    for port in service.ports:
        listed = {members.at(one, port) for one in ends}
        if service.discovery.resolved and not ends and not service.selector:
            target = port.target if isinstance(port.target, int) else port.number
            listed = {Endpoint(service.host, target)}
        yield port.number, tuple(sorted(listed))


def machine(name: str, namespace: str, given: istio.WorkloadEntry) -> Machine:
    return Machine(
        name, namespace, given.address, dict(given.ports), dict(given.labels),
        tuple(part for part in given.locality.split("/") if part), given.weight or 1,
        given.service_account, given.network,
    )  # fmt: skip


def wants_address(service: Service) -> bool:
    """Whether one is given out for it: it has none, and its host is one that can be asked for."""
    return not (
        service.addresses or service.discovery is Discovery.DIALLED or service.host.startswith("*")
    )
