"""The mesh at one instant: one immutable value, and the look-ups that translation needs.

Never: Kubernetes, Envoy, I/O. What one class of clients sees of it is a `view.View`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from telltale.model import peer, telemetry
from telltale.model.extension import Extension
from telltale.model.gateway import Credential, Gateway
from telltale.model.index import Index
from telltale.model.observed import Observed
from telltale.model.options import DEFAULT, Options
from telltale.model.patch import VERSION, Patch
from telltale.model.peer import Peer
from telltale.model.place import LABEL, NOWHERE, Place, parsed
from telltale.model.policy import Locality, Policy
from telltale.model.route import Client, Routing
from telltale.model.scope import Labels, Scope
from telltale.model.service import Endpoint, Port, Service
from telltale.model.sidecar import Sidecar
from telltale.model.telemetry import Sinks, Telemetry
from telltale.model.workload import Machine, Proxy, Target, Workload

Behind = Mapping[int, tuple[Endpoint, ...]]  # a service's port number to its endpoints, sorted


@dataclass(frozen=True)
class Mesh:
    """`services` by key, oldest first; `endpoints` too; `workloads` by NAME.NAMESPACE.

    `credentials`, with their namespaces: what is wrong with each, empty for a good one.
    The rest is the oldest first too: where two say the same, the elder has it.
    """

    services: Mapping[str, Service] = field(default_factory=dict)
    endpoints: Mapping[str, Behind] = field(default_factory=dict)
    workloads: Mapping[str, Workload] = field(default_factory=dict)
    routings: tuple[Routing, ...] = ()
    policies: tuple[Policy, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    credentials: Mapping[Credential, str] = field(default_factory=dict)
    nodes: Mapping[str, Place] = field(default_factory=dict)
    telemetries: tuple[Telemetry, ...] = ()
    patches: tuple[Patch, ...] = ()
    extensions: Mapping[str, Extension] = field(default_factory=dict)
    sinks: Sinks = field(default_factory=Sinks)
    sidecars: tuple[Sidecar, ...] = ()
    machines: tuple[Machine, ...] = ()
    options: Options = DEFAULT

    @cached_property
    def index(self) -> Index:
        return Index(self.services, self.routings, self.policies)

    def behind(self, service: Service, port: Port) -> tuple[Endpoint, ...]:
        """The endpoints that can answer on a port of a service."""
        return self.endpoints.get(service.key, {}).get(port.number, ())

    def place(self, workload: Workload) -> Place:
        """Where a workload is: its own word, or its node's."""
        said = workload.labels.get(LABEL)
        return parsed(said) if said else self.nodes.get(workload.node, NOWHERE)

    def place_of(self, endpoint: Endpoint) -> Place:
        known = self.workloads.get(endpoint.workload)
        if known and LABEL in known.labels:
            return parsed(known.labels[LABEL])
        node = self.nodes.get(endpoint.node, NOWHERE)
        return Place(
            endpoint.region or node.region, endpoint.zone or node.zone,
            endpoint.subzone or node.subzone,
        )  # fmt: skip

    def labels_of(self, endpoint: Endpoint) -> Mapping[str, str]:
        known = self.workloads.get(endpoint.workload)
        return known.labels if known else dict(endpoint.labels)

    def peer(self, key: str) -> Peer | None:
        """Who the workload NAME.NAMESPACE is to those who count its requests, if it is known."""
        found = self.workloads.get(key)
        if found is None:
            return None
        name = found.owner or found.name
        return peer.of(name, found.namespace, found.labels, self.options.cluster)

    def said(self, proxy: Proxy) -> Labels:
        """Of what a proxy says of itself, that which any patch asks about."""
        asked = {key for one in self.patches for key in one.asks_of()}
        known = {**proxy.said, VERSION: proxy.version}
        return tuple(sorted((key, known[key]) for key in asked if key in known))

    def patches_of(self, namespace: str, labels: Labels, said: Labels) -> tuple[Patch, ...]:
        """Those for a namespace's proxies with these labels that say this of themselves."""
        own, told = dict(labels), dict(said)
        return tuple(
            one for one in self.patches
            if one.scope.seen_from(namespace) and one.scope.selects(own) and one.means(told)
        )  # fmt: skip

    def observed(self, namespace: str, labels: Labels) -> Observed:
        """What is told of the requests of a namespace's workloads with these labels."""
        return telemetry.observed(self.telemetries, self.sinks, self.options, namespace, labels)

    def workload(self, proxy: Proxy) -> Workload:
        """What the mesh knows of the workload behind a proxy, or the proxy's own word."""
        return self.workloads.get(proxy.workload.key, proxy.workload)

    def gateways_of(self, workload: Workload) -> tuple[Gateway, ...]:
        """The gateways that a workload stands for, the elder first."""
        return tuple(one for one in self.gateways if self._holds(one, workload))

    def _holds(self, gateway: Gateway, workload: Workload) -> bool:
        if not gateway.service:
            scope = gateway.scope
            return scope.seen_from(workload.namespace) and scope.selects(workload.labels)
        service = self.services.get(gateway.service)
        return (
            service is not None
            and service.namespace == workload.namespace
            and _selects(service, workload)
        )

    def holds(self, credentials: Iterable[Credential]) -> bool:
        """Whether all of these are there and good."""
        return all(self.credentials.get(one, "missing") == "" for one in credentials)

    def asked_labels(self) -> frozenset[str]:
        """The labels of workloads that anything asks about."""
        keys = {key for scope in self._scopes() for key, _ in scope.selector}
        keys |= {key for client in self._clients() for key, _ in client.labels}
        keys |= {label.partition("=")[0] for one in self._localities() for label in one.priority}
        return frozenset(keys)

    def told_apart(self, workload: Workload) -> Labels:
        """Those labels of a workload that anything in the mesh asks about."""
        asked, found = self.asked_labels(), workload.labels
        return tuple(sorted((key, found[key]) for key in asked if key in found))

    def _scopes(self) -> Iterator[Scope]:
        """Of everything that may be meant for some workloads only."""
        yield from (one.scope for one in self.routings)
        yield from (one.scope for one in self.policies)
        yield from (one.scope for one in self.telemetries)
        yield from (one.scope for one in self.sidecars)
        yield from (one.scope for one in self.patches)

    def _localities(self) -> Iterator[Locality]:
        if self.options.locality:
            yield self.options.locality
        for policy in self.policies:
            for layer in policy.layers():
                if layer.balancing and layer.balancing.locality:
                    yield layer.balancing.locality

    def _clients(self) -> Iterator[Client]:
        """Of every match that asks who the client is."""
        for routing in self.routings:
            for http in routing.http:
                yield from (match.client for match in http.matches)
            for route in (*routing.tls, *routing.tcp):
                yield from (match.client for match in route.matches)

    def sidecar(self, namespace: str, labels: Labels) -> Sidecar | None:
        """The one for such workloads: by labels, else its namespace's, else the root's."""
        known = dict(labels)
        for place, chosen in ((namespace, True), (namespace, False), (self.options.root, False)):
            for one in self.sidecars:
                own = one.origin.namespace == place and bool(one.scope.selector) is chosen
                if own and one.scope.selects(known):
                    return one
        return None

    def with_endpoints(self, key: str, behind: Behind) -> "Mesh":
        return self._moved(replace(self, endpoints={**self.endpoints, key: behind}))

    def with_workload(self, key: str, workload: Workload | None) -> "Mesh":
        kept = {name: known for name, known in self.workloads.items() if name != key}
        known = kept if workload is None else {**kept, key: workload}
        return self._moved(replace(self, workloads=known))

    def _moved(self, other: "Mesh") -> "Mesh":
        """Nothing that is looked up differs in it."""
        vars(other)["index"] = self.index
        return other


def targets(mesh: Mesh, workload: Workload) -> tuple[Target, ...]:
    """Where a workload is served: one target a container port, the older service wins.

    By selectors and not by endpoints, so that a pod's inbound side is complete before it is ready.
    """
    found: dict[int, Target] = {}
    sidecar = mesh.sidecar(workload.namespace, tuple(workload.labels.items()))
    for service in mesh.index.services_in.get(workload.namespace, ()):
        if not _selects(service, workload):
            continue
        for port in service.ports:
            target = port.target
            number = workload.ports.get(target) if isinstance(target, str) else target
            if number and number not in found:
                found[number] = Target(number, port.protocol, port.number, service.host)
    if sidecar and sidecar.hears:
        return _heard(sidecar, found)
    if sidecar and sidecar.pool:
        found = {number: replace(one, pool=sidecar.pool) for number, one in found.items()}
    return tuple(found[number] for number in sorted(found))


def _heard(sidecar: Sidecar, found: Mapping[int, Target]) -> tuple[Target, ...]:
    """What a sidecar says that its workloads serve, whatever services say (`found`)."""
    nobody = f"{sidecar.origin.name}.{sidecar.origin.namespace}"
    return tuple(
        Target(
            one.port, one.protocol, found[one.port].service_port if one.port in found else one.port,
            found[one.port].host if one.port in found else nobody,
            to=one.to, bind=one.bind, led=one.led, pool=one.pool or sidecar.pool,
        )
        for one in sorted(sidecar.hears, key=lambda one: one.port)
    )  # fmt: skip


def _selects(service: Service, workload: Workload) -> bool:
    wanted = service.selector
    return bool(wanted) and all(workload.labels.get(key) == value for key, value in wanted)


def translation(mesh: Mesh, workload: Workload, host: str = "") -> dict[int, int]:
    """From the ports of the services that select a workload to its own; the older service wins.

    `host`: of that service alone.
    """
    found: dict[int, int] = {}
    for service in mesh.index.services_in.get(workload.namespace, ()):
        if host and service.host != host:
            continue
        if not _selects(service, workload):
            continue
        for port in service.ports:
            target = port.target
            number = workload.ports.get(target) if isinstance(target, str) else target
            if number:
                found.setdefault(port.number, number)
    return found
