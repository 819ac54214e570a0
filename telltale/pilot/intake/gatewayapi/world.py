"""What references of the Gateway API may lead to. Pure. Never: who names it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    terminates: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """`services` by host, `labels` by namespace, `doors` by our Gateways' namespace and name."""

    domain: str
    services: Mapping[str, Service] = field(default_factory=dict)
    grants: Grants = NO_GRANTS
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    doors: Mapping[tuple[str, str], tuple[Door, ...]] = field(default_factory=dict)
    credentials: Mapping[Credential, str] = field(default_factory=dict)  # and what is wrong with it

    def service(self, namespace: str, name: str) -> Service | None:
        return self.services.get(host_of(name, namespace, self.domain))

    def welcomes(self, door: Door, gateway: str, namespace: str) -> bool:
        """Whether routes of a namespace may attach themselves to a listener."""
        match door.namespaces.from_:
            case "All":
                return True
            case "Selector":
                chosen = door.namespaces.selector
                return chosen is not None and of(chosen).matches(self.labels.get(namespace, {}))
            case "Same":
                return namespace == gateway
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
        host = self._host(what)
        if host is None:
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
        service = self.services.get(host)
        if service is None:
            return "BackendNotFound", f'"{host}" is not a service', "create it, or correct the name"
        if service.port(ref.port) is None:
            ports = ", ".join(str(port.number) for port in service.ports) or "none"
            return "BackendNotFound", f"{host} has no port {ref.port}", f"it has {ports}"
        return Destination(host, ref.port)

    def _host(self, what: Named) -> str | None:
        if (what.group, what.kind) == (ISTIO, "Hostname"):
            return what.name
        if not is_service(what.group, what.kind):
            return None
        return host_of(what.name, what.namespace, self.domain)


def is_gateway(group: str, kind: str) -> bool:
    return (group, kind) == (GROUP, "Gateway")


def is_service(group: str, kind: str) -> bool:
    return (group, kind) == ("", "Service")
