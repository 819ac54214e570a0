"""Who stands behind a service by label: machines, and pods where no EndpointSlice says so. Pure.

A Service of the cluster selects machines beside its pods; a ServiceEntry selects both. Never: the
endpoints that a ServiceEntry lists.
"""

from collections.abc import Iterable, Iterator, Mapping

from telltale.model.mesh import Behind, Mesh
from telltale.model.service import Endpoint, Port, Service
from telltale.model.workload import Machine, Workload
from telltale.pilot.intake.entries.rules import UNIX, is_ip


def joined(
    service: Service, listed: Behind, pods: Mapping[str, Workload], machines: Iterable[Machine]
) -> Behind:
    """What is listed, and what is selected besides."""
    if not service.selector:
        return listed
    chosen = [one for one in machines if _machine(service, one)]
    ready = [one for one in pods.values() if _pod(service, one)] if service.declared else []
    if not (chosen or ready):
        return listed
    return {
        port.number: tuple(sorted({
            *listed.get(port.number, ()), *(at(one, port) for one in chosen),
            *(found for one in ready for found in _at_pod(one, port)),
        }))
        for port in service.ports
    }  # fmt: skip


def selecting(meshes: Iterable[Mesh], pods: Iterable[str]) -> list[Service]:
    """The services that nobody but us selects pods for, and that mean one of these, then or now."""
    meshes, keys = tuple(meshes), tuple(pods)
    moved = [mesh.workloads[key] for mesh in meshes for key in keys if key in mesh.workloads]
    return [
        service for service in meshes[-1].services.values()
        if service.declared and service.selector and any(_named(service, one) for one in moved)
    ]


def at(one: Machine, port: Port) -> Endpoint:
    """Where a machine serves a port."""
    target = port.target if isinstance(port.target, int) else port.number
    number = 0 if one.address.startswith(UNIX) else one.ports.get(port.name) or target
    region, zone, subzone, *_ = (*one.locality, "", "", "")
    return Endpoint(
        one.address, number, zone=zone, region=region, subzone=subzone, weight=one.weight,
        labels=tuple(sorted(one.labels.items())), account=one.account, network=one.network,
    )  # fmt: skip


def _at_pod(pod: Workload, port: Port) -> Iterator[Endpoint]:
    number = pod.ports.get(port.target) if isinstance(port.target, str) else port.target
    if number and pod.addresses:
        yield Endpoint(pod.addresses[0], number, pod.key)


def _machine(service: Service, one: Machine) -> bool:
    """A name cannot be told to proxies as an address; only they could look it up."""
    if not (is_ip(one.address) or service.discovery.resolved or one.address.startswith(UNIX)):
        return False
    return one.namespace == service.namespace and _has(service, one.labels)


def _pod(service: Service, one: Workload) -> bool:
    return one.ready and _named(service, one)


def _named(service: Service, one: Workload) -> bool:
    return one.namespace == service.namespace and _has(service, one.labels)


def _has(service: Service, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in service.selector)
