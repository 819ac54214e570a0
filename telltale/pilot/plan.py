"""The pure face of the control plane: what one proxy should have. `why` asks it too.

`plan(mesh, proxy)` for one; `Plans` shares the parts that are the same for many. Never: versions,
bytes, I/O.
"""

from dataclasses import dataclass, field, replace

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.mesh import Mesh, targets, translation
from telltale.model.scope import Labels
from telltale.model.service import Discovery
from telltale.model.view import View
from telltale.model.workload import Proxy, Role, Target
from telltale.pilot.envoy import clusters, endpoints, finish, gateways, listeners, routes
from telltale.pilot.envoy.finish import Finish
from telltale.pilot.envoy.gateways import Edge
from telltale.pilot.envoy.resources import Bundle


@dataclass(frozen=True, slots=True)
class Key:
    """What tells one proxy's configuration from another's; equal keys get the same bytes.

    `labels`: those of its workload's that anything in the mesh asks about. `own`: those of its
    addresses that the mesh would otherwise build a listener for. `edge`: it is a gateway's.
    """

    namespace: str
    labels: Labels
    targets: tuple[Target, ...]
    own: frozenset[str] = frozenset()
    redirected: bool = True
    edge: Edge | None = None


def plan(mesh: Mesh, proxy: Proxy) -> Bundle:
    """All resources of one proxy."""
    plans = Plans(mesh)
    bundle = plans.of(plans.key(proxy))
    asked = {
        one.eds_cluster_config.service_name or one.name
        for one in bundle.clusters
        if one.type is Cluster.EDS
    }
    held = (one for one in endpoints.assignments(mesh) if one.cluster_name in asked)
    return replace(bundle, endpoints=tuple(held))


@dataclass(frozen=True, slots=True)
class Outbound:
    """What all workloads that see the mesh alike have in common."""

    view: View
    finish: Finish
    clusters: tuple[Cluster, ...]
    routes: tuple[RouteConfiguration, ...]


@dataclass
class Plans:
    """Plans of one mesh; what those who see it alike have in common is made once.

    `moved` gives the plans of a mesh that differs in nothing but endpoints behind virtual
    addresses and workloads, of which nothing here but `key` knows.
    """

    mesh: Mesh
    _views: dict[tuple[str, Labels], Outbound] = field(default_factory=dict)
    _dialled: frozenset[str] | None = None

    def key(self, proxy: Proxy) -> Key:
        workload = self.mesh.workload(proxy)
        if self._dialled is None:
            self._dialled = _dialled(self.mesh)
        if proxy.role is Role.ROUTER:
            labels = self.mesh.told_apart(workload)
            return Key(workload.namespace, labels, (), edge=_edge(self.mesh, proxy))
        own = self._dialled.intersection(workload.addresses)
        return Key(
            workload.namespace, self.mesh.told_apart(workload), targets(self.mesh, workload),
            own, proxy.redirected,
        )  # fmt: skip

    def of(self, key: Key) -> Bundle:
        """All but the endpoints: they are the same for every proxy, and have their own lane."""
        if key.edge:
            last = finish.of(self.mesh, key.namespace, key.labels)
            made = gateways.bundle(View(self.mesh, key.namespace, key.labels, ()), key.edge)
            return replace(
                made, clusters=last.clusters(made.clusters),
                listeners=last.listeners(made.listeners), routes=last.routes(made.routes),
            )  # fmt: skip
        options = self.mesh.options
        seen = self._seen(key.namespace, key.labels)
        return Bundle(
            clusters=(
                *seen.clusters,
                *seen.finish.clusters((*clusters.inbound(key.targets), *clusters.fixed())),
            ),
            listeners=seen.finish.listeners((
                *listeners.outbound(seen.view, key.own, redirected=key.redirected),
                *listeners.inbound(key.targets, options, redirected=key.redirected),
            )),
            routes=seen.routes,
        )

    def _seen(self, namespace: str, labels: Labels) -> Outbound:
        known = self._views.get((namespace, labels))
        if known is None:
            view = View(self.mesh, namespace, labels)
            last = finish.of(self.mesh, namespace, labels)
            known = Outbound(
                view, last, last.clusters(clusters.outbound(view)),
                last.routes(routes.outbound(view)),
            )  # fmt: skip
            self._views[namespace, labels] = known
        return known

    def moved(self, mesh: Mesh) -> "Plans":
        return Plans(mesh, self._views, self._dialled)


def _edge(mesh: Mesh, proxy: Proxy) -> Edge:
    """What a gateway's proxy stands for.

    Until proxies show an identity, one is believed to be the pod that it says it is when it comes
    from that pod's address: as good as a cluster's network is at keeping senders honest.
    """
    workload = mesh.workload(proxy)
    known = mesh.workloads.get(workload.key)
    held = mesh.gateways_of(workload)
    ports = translation(mesh, workload, held[0].service if len(held) == 1 else "")
    return Edge(
        tuple(one.name for one in held), tuple(sorted(ports.items())),
        trusted=known is not None and proxy.peer in known.addresses,
    )  # fmt: skip


def _dialled(mesh: Mesh) -> frozenset[str]:
    """Endpoints' own addresses that clients dial: those of headless TCP ports."""
    return frozenset(
        endpoint.address
        for service in mesh.services.values()
        if service.discovery is Discovery.HEADLESS
        for port in service.ports
        if not port.protocol.http
        for endpoint in mesh.behind(service, port)
    )
