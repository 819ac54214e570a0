"""What a client dials when it says a host: the cluster's DNS and the mesh's services. Pure.

Never: DNS itself; a name that no service has is somebody else's, its address unknown.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from telltale.inspect.request import Request
from telltale.model.index import forms
from telltale.model.mesh import targets
from telltale.model.service import Discovery, Port, Service
from telltale.model.view import View
from telltale.model.workload import Workload

HTTP_PORT, HTTPS_PORT = 80, 443


@dataclass(frozen=True, slots=True)
class Dialled:
    """`address` "" is unknown; `object` is the Service that the host belongs to, if any."""

    address: str
    port: int
    service: Service | None
    because: str

    @property
    def object(self) -> str:
        return named(self.service)


def find(view: View, request: Request) -> Dialled:
    """The service behind the host, as a client of this view finds it."""
    service, host = _service(view, request.host)
    if service is None:
        port = request.port or HTTP_PORT
        if _is_address(request.host):
            return Dialled(request.host, port, None, "an address that no service has")
        return Dialled("", port, None, "a name that no service has")
    port = request.port or _usual_port(service)
    if service.discovery is Discovery.ALIAS:
        aim = view.mesh.services.get(service.alias_of)
        why = f"an alias of {service.alias_of}"
        return Dialled(_address(view, aim, port, ""), port, aim or service, why)
    literal = request.host if _is_address(request.host) else host
    address = _address(view, service, port, literal)
    spoken = service.port(port)
    why = f"port {port} speaks {spoken.protocol}" if spoken else _lacks(service, port)
    return Dialled(address, port, service, why)


def at_gateway(view: View, workload: Workload, request: Request) -> Dialled:
    """A request that comes to a gateway: what its Service calls a port may be another of the pod.

    Its address is whatever the client's DNS says; listeners take any.
    """
    port = request.port or (HTTPS_PORT if request.tls else HTTP_PORT)
    served = targets(view.mesh, workload)
    found = next((one for one in served if one.service_port == port), None)
    if found is None:
        return Dialled("", port, None, "asked of the gateway")
    service = view.mesh.services.get(found.host)
    return Dialled("", found.port, service, f"port {port} of the gateway is {found.port}")


def owner(view: View, virtual_host: str) -> str:
    """The Service that a virtual host, `HOST:PORT`, stands for."""
    return named(view.mesh.services.get(virtual_host.rpartition(":")[0]))


def named(service: Service | None) -> str:
    """The object that it is made of; of a ServiceEntry the mesh keeps its host, not its name."""
    if service is None:
        return ""
    if service.declared:
        return f"serviceentry for {service.host} in {service.namespace}"
    return f"service {service.namespace}/{service.name}"


def _lacks(service: Service, port: int) -> str:
    known = ", ".join(str(one.number) for one in service.ports)
    return f"it has no port {port} (only {known})" if known else f"it has no port {port}"


def _service(view: View, host: str) -> tuple[Service | None, str]:
    """The service, and the full name under which it was found."""
    bare = host.strip("[]")
    for service in view.services:
        if any(_covers(one, bare) for one in service.addresses):
            return service, service.host
    for name in _full_names(view, host):
        if (found := view.mesh.services.get(name)) is not None:
            return found, name
        for form in forms(name):
            known = view.mesh.services.get(form.removeprefix("*."))
            if form.startswith("*.") and known and known.discovery is Discovery.HEADLESS:
                return known, name
        for form in forms(name):
            if (found := view.mesh.services.get(form)) is not None:
                return found, name
    return None, host


def _full_names(view: View, host: str) -> Iterator[str]:
    """As the search list of a pod's resolv.conf makes them."""
    domain = view.mesh.options.domain
    if not host.endswith("."):
        for search in (f"{view.namespace}.svc.{domain}", f"svc.{domain}", domain):
            yield f"{host}.{search}"
    yield host.rstrip(".")


def _address(view: View, service: Service | None, port: int, host: str) -> str:
    if service is None:
        return ""
    if service.discovery is not Discovery.HEADLESS:
        first = next(iter(service.addresses), "")
        return host if _is_address(host) else first.partition("/")[0]
    pod = host.removesuffix(service.host).rstrip(".")
    for one in _ports(service, port):
        for endpoint in view.mesh.behind(service, one):
            if not pod or endpoint.workload.partition(".")[0] == pod:
                return endpoint.address
    return ""


def _ports(service: Service, port: int) -> tuple[Port, ...]:
    found = service.port(port)
    return (found,) if found else service.ports


def _usual_port(service: Service) -> int:
    """The only one, else 80 if it has that, else the first that speaks HTTP."""
    if len(service.ports) > 1 and not service.port(HTTP_PORT):
        spoken = [one.number for one in service.ports if one.protocol.http]
        return spoken[0] if spoken else service.ports[0].number
    return service.ports[0].number if len(service.ports) == 1 else HTTP_PORT


def _covers(written: str, address: str) -> bool:
    """Addresses of a declared service may be ranges."""
    if "/" not in written or not _is_address(address):
        return written == address
    return ipaddress.ip_address(address) in ipaddress.ip_network(written, strict=False)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
