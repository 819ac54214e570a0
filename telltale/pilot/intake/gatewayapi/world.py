"""What references of the Gateway API may lead to. Pure. Never: who names it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from telltale.kube.gatewayapi.gateways import RouteNamespaces
from telltale.kube.gatewayapi.message import GROUP, BackendObjectRef, BackendRef
from telltale.kube.selector import of
from telltale.model.gateway import Credential
from telltale.model.route import Destination
from telltale.model.service import Service
from telltale.pilot.intake.gatewayapi.grants import Grants, Named
from telltale.pilot.intake.gatewayapi.subject import Subject, Wrong
from telltale.pilot.intake.services import host_of

ISTIO = "networking.istio.io"
NO_GRANTS = Grants()
Parent: TypeAlias = tuple[str, str, str]  # kind, namespace, name


@dataclass(frozen=True, slots=True)
class Door:
    """A listener of a Gateway, as routes see it. `name` is the gateway's in the mesh's words.

    `takes`: the kinds of routes that it serves.
    """

    name: str
    listener: str
    port: int
    hostname: str
    takes: tuple[str, ...]
    namespaces: RouteNamespaces


@dataclass(frozen=True, slots=True)
class World:
    """`services` by host, `labels` by namespace, `texts` (ConfigMaps) by namespace and name.

    `doors` by kind, namespace and name of our Gateways and their ListenerSets, `entries` (what each
    ServiceEntry declares) by namespace and name.
    """

    domain: str
    services: Mapping[str, Service] = field(default_factory=dict)
    grants: Grants = NO_GRANTS
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    doors: Mapping[Parent, tuple[Door, ...]] = field(default_factory=dict)
    credentials: Mapping[Credential, str] = field(default_factory=dict)  # and what is wrong with it
    texts: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    entries: Mapping[tuple[str, str], tuple[Service, ...]] = field(default_factory=dict)

    def service(self, namespace: str, name: str) -> Service | None:
        return self.services.get(host_of(name, namespace, self.domain))

    def welcomes(self, allowed: RouteNamespaces, home: str, namespace: str) -> bool:
        """Whether objects of a namespace may attach themselves to one that stands in `home`."""
        match allowed.from_:
            case "All":
                return True
            case "Selector":
                chosen = allowed.selector
                return chosen is not None and of(chosen).matches(self.labels.get(namespace, {}))
            case "Same":
                return namespace == home
            case _:
                return False

    def backend(
        self, subject: Subject, ref: BackendRef | BackendObjectRef, field: str
    ) -> Destination | None:
        """Where a reference leads; None, and a word in the subject, when it leads nowhere."""
        namespace = ref.namespace or subject.namespace
        found = self._backend(subject, ref, Named(ref.group, ref.kind, namespace, ref.name))
        if isinstance(found, Destination):
            return found
        reason, what, hint = found
        subject.unresolve(Wrong(reason, field, what, hint))
        return None

    def _backend(
        self, subject: Subject, ref: BackendRef | BackendObjectRef, what: Named
    ) -> Destination | tuple[str, str, str]:
        found = self.meant(what)
        if found is None:
            written = f"{what.kind}.{what.group}" if what.group else what.kind
            return "InvalidKind", f'"{written}" is not a kind of backend', "name a Service"
        if not self.grants.allow(subject.named, what):
            hint = (
                f"create a ReferenceGrant in {what.namespace} from {subject.kind.kind}"
                f" in {subject.namespace} to {what.kind}"
            )
            return "RefNotPermitted", f"{what.namespace}/{what.name} is of another namespace", hint
        if not ref.port:
            return "UnsupportedValue", "port is missing", "write the port of the Service"
        if not found:
            host = self._host(what)
            return "BackendNotFound", f'"{host}" is not a service', "create it, or correct the name"
        if len(found) > 1:
            hosts = ", ".join(one.host for one in found)
            hint = f"name one of them with kind Hostname: {hosts}"
            return "UnsupportedValue", f"{what.name} has {len(found)} hosts", hint
        [service] = found
        if service.port(ref.port) is None:
            return "BackendNotFound", *lacking(service, ref.port)
        return Destination(service.host, ref.port)

    def meant(self, what: Named) -> tuple[Service, ...] | None:
        """The services that an object stands for; None for a kind that stands for none."""
        if (what.group, what.kind) == (ISTIO, "ServiceEntry"):
            return self.entries.get((what.namespace, what.name), ())
        if is_service(what.group, what.kind) or (what.group, what.kind) == (ISTIO, "Hostname"):
            found = self.services.get(self._host(what))
            return (found,) if found else ()
        return None

    def _host(self, what: Named) -> str:
        if what.group == ISTIO:
            return what.name
        return host_of(what.name, what.namespace, self.domain)


def lacking(service: Service, port: int) -> tuple[str, str]:
    """What is said of a port that a service has not, and what it has instead."""
    ports = ", ".join(str(one.number) for one in service.ports) or "none"
    return f"{service.host} has no port {port}", f"it has {ports}"


def is_gateway(group: str, kind: str) -> bool:
    """Whether it is something with listeners."""
    return group == GROUP and kind in ("Gateway", "ListenerSet")


def is_service(group: str, kind: str) -> bool:
    return (group, kind) == ("", "Service")


def is_called(group: str, kind: str) -> bool:
    """Whether clients in the mesh call it."""
    return is_service(group, kind) or (group, kind) == (ISTIO, "ServiceEntry")
