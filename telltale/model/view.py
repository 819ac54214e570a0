"""What one class of clients sees of the mesh: which routes and which policy hold for a host.

A class is a namespace, those labels that something in the mesh asks about, and the gateways that it
stands for: `mesh` for a sidecar. Never: Envoy, I/O.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from telltale.model import calls as declared, sight
from telltale.model.calls import Calls
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
    calls: Calls | None = None
    # Every host that was looked up since somebody emptied it: what was made depends on these.
    looked: set[str] = field(default_factory=set, compare=False)
    _policies: dict[str, Policy | None] = field(default_factory=dict, compare=False)

    @cached_property
    def sidecar(self) -> Sidecar | None:
        """What narrows these clients' sight; a gateway's is never narrowed."""
        if MESH not in self.gateways:
            return None
        found = self.mesh.sidecar(self.namespace, self.labels)
        if found is None and self.calls is not None:
            return declared.sight(self.calls, self.namespace, self.mesh.options.domain)
        return found

    @cached_property
    def reaches(self) -> tuple[Reach, ...]:
        return sight.reaches(self.sidecar)

    @property
    def egress(self) -> Egress:
        """What becomes of traffic to nobody known."""
        own = self.sidecar.egress if self.sidecar else None
        return own or self.mesh.options.egress

    @cached_property
    def imported(self) -> frozenset[str]:
        """Hosts that routes lead to, which are seen for that where sight is narrowed."""
        if self.reaches == (sight.ALL,):
            return frozenset()
        proxy = {self.sidecar.proxy[0]} if self.sidecar and self.sidecar.proxy else set()
        if all(one.port for one in self.reaches):
            return frozenset(proxy)
        return frozenset({*proxy, *sight.imports(self.routings)})

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """One a host, as these clients see them, in the order of the eldest for each host."""
        found = (self.service(host) for host in self._hosts)
        return tuple(one for one in found if one)

    @cached_property
    def _hosts(self) -> tuple[str, ...]:
        shown = (one for one in self.mesh.services.values() if self._shows(one))
        return tuple(dict.fromkeys(one.host for one in shown))

    def aliases(self, host: str) -> Iterator[Service]:
        """The services that are another name for a host."""
        self.looked.add(host)
        for one in self.mesh.index.aliases_of.get(host, ()):
            if self.service(one.host) is one:
                yield one

    def service(self, host: str) -> Service | None:
        """Of several for one host the one that is seen: its namespace's, a Service, the eldest."""
        self.looked.add(host)
        found = self.shown(host)
        return min(found, key=lambda one: sight.rank(one, self.namespace), default=None)

    def shown(self, host: str) -> tuple[Service, ...]:
        """All rivals for a host that are shown, the eldest first."""
        rivals = self.mesh.index.services_of.get(host, ())
        return tuple([one for one in rivals if self._shows(one)])

    def _shows(self, one: Service) -> bool:
        """Whether it is shown to these clients, and wanted or led to by routes."""
        return one.scope.seen_from(self.namespace) and (
            self.reaches == (sight.ALL,) or one.host in self.imported
            or any(reach.covers(one.namespace, one.host) for reach in self.reaches)
        )  # fmt: skip

    def served(self, service: Service) -> Iterator[tuple[Service, Port, Reach]]:
        """Every port of a service that is listened for, and what says so."""
        return sight.served((service,), self.reaches, self.imported)

    def ports(self) -> Iterator[tuple[Service, Port]]:
        """Every port of every service that has endpoints of its own."""
        return ((one, port) for one in self.services for port in self.ports_of(one))

    def ports_of(self, service: Service) -> tuple[Port, ...]:
        """Those to which anything may be sent."""
        if service.discovery is Discovery.ALIAS:
            return ()
        if self.reaches == (sight.ALL,):
            return service.ports
        return tuple(
            one for one in service.ports
            if sight.reached(service, one, self.reaches, self.imported)
        )  # fmt: skip

    @cached_property
    def routings(self) -> tuple[Routing, ...]:
        """Those for these gateways, as this namespace sees them: its own first, then the elder."""
        return tuple(self._meant(self.mesh.routings))

    def routings_of(self, host: str) -> tuple[Routing, ...]:
        """The routes for a host: those that name it, or else those of the closest wildcard."""
        self.looked.add(host)
        for near in self.mesh.index.routings_of.nearest(host):
            if found := self._meant(near):
                return next(((one,) for one in found if one.alone), tuple(found))
        return ()

    def routed(self, host: str) -> bool:
        """Whether any route for these clients names the host as it stands."""
        return bool(self._meant(self.mesh.index.routings_of.exact.get(host, ())))

    def _meant(self, given: Iterable[Routing]) -> list[Routing]:
        labels = dict(self.labels)
        everything = self.reaches == (sight.ALL,)
        known = [
            one for one in given
            if any(name in one.gateways for name in self.gateways)
            and one.scope.seen_from(self.namespace) and one.scope.selects(labels)
            and (everything or sight.sees(self.reaches, one))
        ]  # fmt: skip
        return sorted(known, key=lambda one: one.origin.namespace != self.namespace)

    def policy(self, service: Service) -> Policy | None:
        """The client's namespace, then the service's, then the root's; the closest host in each.

        The first that has any ends the search: nothing is inherited from the next. For clients of
        the root only what is private there comes first, lest it hold for everybody's services.
        """
        self.looked.add(service.host)
        key = f"{service.namespace}/{service.host}"
        if key not in self._policies:
            self._policies[key] = self._policy(service)
        return self._policies[key]

    def traffic(self, service: Service, port: Port, subset: str = "") -> Traffic:
        """What holds for connections to a port of a service, or of one of its subsets."""
        policy = self.policy(service)
        if policy is None:
            return PLAIN
        chosen = policy.subset(subset) if subset else None
        return policy.for_subset(chosen, port.number) if chosen else policy.for_port(port.number)

    def _policy(self, service: Service) -> Policy | None:
        root = self.mesh.options.root
        if self.namespace == root:
            if own := self._policy_in(root, service.host, private=True):
                return own
        elif own := self._policy_in(self.namespace, service.host):
            return own
        return self._policy_in(service.namespace, service.host) or (
            self._policy_in(root, service.host)
        )

    def _policy_in(self, namespace: str, host: str, *, private: bool = False) -> Policy | None:
        """The one of a namespace that holds for these clients: by labels before by nothing."""
        index = self.mesh.index.policies_in.get(namespace)
        labels = dict(self.labels)
        for near in index.nearest(host) if index else ():
            found = [
                one for one in near
                if one.scope.seen_from(self.namespace) and one.scope.selects(labels)
                and (not private or one.scope.namespaces == (namespace,))
            ]  # fmt: skip
            if found:
                return max(found, key=lambda one: bool(one.scope.selector))
        return None

    def is_client(self, client: Client) -> bool:
        """Whether a match that asks for such a client means this class."""
        labels = dict(self.labels)
        return (
            all(labels.get(key) == value for key, value in client.labels)
            and client.namespace in ("", self.namespace)
            and (not client.gateways or any(name in client.gateways for name in self.gateways))
        )
