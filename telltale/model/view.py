"""What one class of clients sees of the mesh: which routes and which policy hold for a host.

A class is a namespace, those labels that something in the mesh asks about, and the gateways that it
stands for: `mesh` for a sidecar. Never: Envoy, I/O.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from telltale.model import sight
from telltale.model.mesh import Mesh
from telltale.model.options import Egress
from telltale.model.place import NOWHERE, Place
from telltale.model.policy import PLAIN, Policy, Traffic
from telltale.model.route import MESH, Client, Routing
from telltale.model.scope import Labels
from telltale.model.service import Discovery, Port, Service
from telltale.model.sidecar import Reach, Sidecar


@dataclass(frozen=True)
class View:
    """Look-ups are made once for each view, as nothing in it changes."""

    mesh: Mesh
    namespace: str
    labels: Labels = ()
    gateways: tuple[str, ...] = (MESH,)
    place: Place = NOWHERE
    node: str = ""
    _policies: dict[str, Policy | None] = field(default_factory=dict, compare=False)
    _seen_in: dict[str, dict[str, list[Policy]]] = field(default_factory=dict, compare=False)

    @cached_property
    def sidecar(self) -> Sidecar | None:
        """What narrows these clients' sight; a gateway's is never narrowed."""
        return self.mesh.sidecar(self.namespace, self.labels) if MESH in self.gateways else None

    @cached_property
    def reaches(self) -> tuple[Reach, ...]:
        return sight.reaches(self.sidecar)

    @property
    def egress(self) -> Egress:
        """What becomes of traffic to nobody known."""
        own = self.sidecar.egress if self.sidecar else None
        return own or self.mesh.options.egress

    @cached_property
    def _imported(self) -> frozenset[str]:
        """Hosts that routes lead to, which are seen for that where sight is narrowed."""
        if self.reaches == (sight.ALL,):
            return frozenset()
        proxy = {self.sidecar.proxy[0]} if self.sidecar and self.sidecar.proxy else set()
        if all(one.port for one in self.reaches):
            return frozenset(proxy)
        return frozenset({*proxy, *sight.imports(self.routings)})

    @cached_property
    def _by_host(self) -> Mapping[str, Service]:
        shown = sight.allowed(self.mesh, self.namespace)
        return sight.seen(shown, self.namespace, self.reaches, self._imported)

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """One a host, as these clients see them."""
        return tuple(self._by_host.values())

    @cached_property
    def aliases(self) -> Mapping[str, tuple[Service, ...]]:
        """By host, the services that are another name for it."""
        found: dict[str, tuple[Service, ...]] = {}
        for service in self.services:
            if service.discovery is Discovery.ALIAS:
                found[service.alias_of] = (*found.get(service.alias_of, ()), service)
        return found

    def service(self, host: str) -> Service | None:
        return self._by_host.get(host)

    @cached_property
    def served(self) -> tuple[tuple[Service, Port, Reach], ...]:
        """Every port that is listened for, and what says so."""
        return tuple(sight.served(self.services, self.reaches, self._imported))

    def ports(self) -> Iterator[tuple[Service, Port]]:
        """Every port of every service that has endpoints of its own."""
        for service in self.services:
            if service.discovery is not Discovery.ALIAS:
                for port in service.ports:
                    if sight.reached(service, port, self.reaches, self._imported):
                        yield service, port

    @cached_property
    def routings(self) -> tuple[Routing, ...]:
        """Those for these gateways, as this namespace sees them: its own first, then the elder."""
        labels = dict(self.labels)
        everything = self.reaches == (sight.ALL,)
        known = [
            one for one in self.mesh.routings
            if any(name in one.gateways for name in self.gateways)
            and one.scope.seen_from(self.namespace) and one.scope.selects(labels)
            and (everything or sight.sees(self.reaches, one))
        ]  # fmt: skip
        return tuple(sorted(known, key=lambda one: one.origin.namespace != self.namespace))

    def routings_of(self, host: str) -> tuple[Routing, ...]:
        """The routes for a host: those that name it, or else those of the closest wildcard."""
        for form in forms(host):
            if found := self._routings_by_host.get(form):
                return next(((one,) for one in found if one.alone), tuple(found))
        return ()

    @cached_property
    def _routings_by_host(self) -> dict[str, list[Routing]]:
        found: dict[str, list[Routing]] = {}
        for one in self.routings:
            for host in dict.fromkeys(one.hosts):
                found.setdefault(host, []).append(one)
        return found

    def policy(self, service: Service) -> Policy | None:
        """The client's namespace, then the service's, then the root's; the closest host in each.

        The first that has any ends the search: nothing is inherited from the next. For clients of
        the root only what is private there comes first, lest it hold for everybody's services.
        """
        if service.host not in self._policies:
            self._policies[service.host] = self._policy(service)
        return self._policies[service.host]

    def traffic(self, service: Service, port: Port, subset: str = "") -> Traffic:
        """What holds for connections to a port of a service, or of one of its subsets."""
        policy = self.policy(service)
        if policy is None:
            return PLAIN
        chosen = policy.subset(subset) if subset else None
        return policy.for_subset(chosen, port.number) if chosen else policy.for_port(port.number)

    def _policy(self, service: Service) -> Policy | None:
        root = self.mesh.options.root
        own = self._policies_by_host(self.namespace)
        if self.namespace == root:
            private = (root,)
            own = {
                host: kept for host, found in own.items()
                if (kept := [one for one in found if one.scope.namespaces == private])
            }  # fmt: skip
        for seen in (own, *map(self._policies_by_host, (service.namespace, root))):
            for form in forms(service.host):
                if found := seen.get(form):
                    return max(found, key=lambda one: bool(one.scope.selector))
        return None

    def _policies_by_host(self, namespace: str) -> dict[str, list[Policy]]:
        """Those of a namespace that hold for these clients, the oldest first."""
        if namespace not in self._seen_in:
            labels = dict(self.labels)
            seen: dict[str, list[Policy]] = {}
            for one in self.mesh.policies:
                if (one.origin.namespace == namespace and one.scope.seen_from(self.namespace)
                        and one.scope.selects(labels)):  # fmt: skip
                    seen.setdefault(one.host, []).append(one)
            self._seen_in[namespace] = seen
        return self._seen_in[namespace]

    def is_client(self, client: Client) -> bool:
        """Whether a match that asks for such a client means this class."""
        labels = dict(self.labels)
        return (
            all(labels.get(key) == value for key, value in client.labels)
            and client.namespace in ("", self.namespace)
            and (not client.gateways or any(name in client.gateways for name in self.gateways))
        )


def forms(host: str) -> Iterator[str]:
    """The host, then what covers it, the closest first: `a.b.c`, `*.b.c`, `*.c`, `*`."""
    yield host
    rest = host.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
    yield "*"
