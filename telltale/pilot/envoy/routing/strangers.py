"""Hosts that are routed without being a service's: other names of one, wildcards, unknown ones.

They are told apart by host, so only requests can be routed for them: on the ports that a rule
names, and on port 80 by rules that name none. Pure. Never: the routes themselves.
"""

from collections.abc import Iterable, Mapping

from telltale.model.route import Routing
from telltale.model.service import Discovery, Service
from telltale.model.view import View
from telltale.pilot.envoy import names

DEFAULT_PORT = 80
_TAKEN = (names.OUTBOUND_PORT, names.INBOUND_PORT)

Strangers = Mapping[int, tuple[str, ...]]  # hosts by port


def of(view: View) -> Strangers:
    found: dict[int, dict[str, None]] = {}
    for routing in view.routings:
        for host in routing.hosts:
            if not known(view, host):
                for port in _ports(view, routing, host):
                    if port not in _TAKEN:
                        found.setdefault(port, {})[host] = None
    return {port: tuple(found[port]) for port in sorted(found)}


def known(view: View, host: str) -> bool:
    """Whether it is a service's that these clients can send to."""
    service = view.service(host)
    return service is not None and bool(view.ports_of(service))


def domains(view: View, host: str) -> tuple[str, ...]:
    """Every form in which a client may write the host; of an alias, those of a service."""
    service = view.service(host) or _named(view, host)
    if service is not None:
        return tuple(forms(service, view.namespace))
    return (host,) if host.startswith("*") else (host, f"{host}.")


def forms(service: Service, namespace: str) -> Iterable[str]:
    """Every form in which a client in `namespace` may write a service's name."""
    if service.declared:
        yield from _declared(service)
        return
    short = [f"{service.name}.{service.namespace}", f"{service.name}.{service.namespace}.svc"]
    if service.namespace == namespace:
        short.insert(0, service.name)
    found = [service.host, f"{service.host}.", *short]
    yield from found
    yield from (f"[{one}]" if ":" in one else one for one in service.addresses)
    if service.discovery is Discovery.HEADLESS:
        yield from (f"*.{form}" for form in found)


def _declared(service: Service) -> Iterable[str]:
    """A host that somebody declares has no short forms."""
    yield service.host
    if not service.host.startswith("*"):
        yield f"{service.host}."
    for one in (*service.addresses, *service.automatic):
        if "/" not in one:
            yield f"[{one}]" if ":" in one else one


def target(view: View, host: str) -> Service | None:
    """The service that a host is another name for."""
    service = view.service(host)
    if service is None or not service.alias_of:
        return None
    return view.service(service.alias_of)


def _ports(view: View, routing: Routing, host: str) -> Iterable[int]:
    named = {match.port for rule in routing.http for match in rule.matches}
    anywhere = 0 in named or any(not rule.matches for rule in routing.http)
    service = target(view, host)
    if service is not None:
        return {port.number for port in service.ports if port.protocol.http}
    return (named - {0}) | ({DEFAULT_PORT} if anywhere else set())


def _named(view: View, host: str) -> Service | None:
    """A Service of the cluster that is not there, as it would be called."""
    end = f".svc.{view.mesh.options.domain}"
    name, dot, namespace = host.removesuffix(end).partition(".")
    if not (host.endswith(end) and dot and namespace) or "." in namespace or name == "*":
        return None
    return Service(name, namespace, host)
