"""The pure face of the control plane: what one proxy should have. `why` asks it too.

`plan(mesh, proxy)` for one; `Plans` shares the parts that are the same for many. Never: versions,
bytes, I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.lib.memo import Memo
from telltale.model import cuts
from telltale.model.cuts import Asked
from telltale.model.mesh import Mesh, targets, translation
from telltale.model.place import NOWHERE, Place
from telltale.model.scope import Labels
from telltale.model.service import Discovery
from telltale.model.spread import Cut
from telltale.model.view import View
from telltale.model.workload import Proxy, Role, Target
from telltale.pilot.envoy.gateway import bundle as gateways
from telltale.pilot.envoy.gateway.bundle import Edge
from telltale.pilot.envoy.listening import listeners
from telltale.pilot.envoy.resources import Bundle
from telltale.pilot.envoy.routing import routes
from telltale.pilot.envoy.telling import finish
from telltale.pilot.envoy.telling.finish import Finish
from telltale.pilot.envoy.upstream import clusters, endpoints
from telltale.pilot.intake import unapplied
from telltale.pilot.intake.problem import Problem


@dataclass(frozen=True, slots=True)
class Key:
    """What tells one proxy's configuration from another's; equal keys get the same bytes.

    `labels`: those of its workload's that anything in the mesh asks about; `place` and `node` too.
    `own`: those of its addresses that the mesh would otherwise build a listener for. `edge`: it is
    a gateway's. `said`: what patches ask of the proxy's own word.
    """

    namespace: str
    labels: Labels
    targets: tuple[Target, ...]
    own: frozenset[str] = frozenset()
    redirected: bool = True
    place: Place = NOWHERE
    node: str = ""
    edge: Edge | None = None
    said: Labels = ()


def plan(mesh: Mesh, proxy: Proxy) -> Bundle:
    """All resources of one proxy."""
    plans = Plans(mesh)
    key = plans.key(proxy)
    told = (endpoints.assignment(mesh, name, cut) for name, cut in plans.cuts(key).items())
    return replace(plans.of(key), endpoints=tuple(told))


@dataclass(frozen=True, slots=True)
class Outbound:
    """What all workloads that see the mesh alike have in common."""

    view: View
    finish: Finish
    clusters: tuple[Cluster, ...]
    routes: tuple[RouteConfiguration, ...]
    cuts: Mapping[str, Cut]


@dataclass
class Plans:
    """Plans of one mesh; what those who see it alike have in common is made once.

    With the memo of the plans before, what is as it was is not made again. `moved` gives the plans
    of a mesh that differs in nothing but endpoints behind virtual addresses and workloads, of which
    nothing here but `key` knows.
    """

    mesh: Mesh
    memo: Memo = field(default_factory=Memo)
    _views: dict[tuple[str, Labels, Place, str, Labels], Outbound] = field(default_factory=dict)
    _dialled: frozenset[str] | None = None
    _asked: Asked | None = None
    _finished: dict[object, Finish] = field(default_factory=dict)

    def key(self, proxy: Proxy) -> Key:
        workload = self.mesh.workload(proxy)
        if self._dialled is None:
            self._dialled = _dialled(self.mesh)
        if self._asked is None:
            self._asked = cuts.asked(self.mesh)
        place = self.mesh.place(workload) if self._asked.place else NOWHERE
        node = workload.node if self._asked.node else ""
        said = self.mesh.said(proxy)
        if proxy.role is Role.ROUTER:
            labels = self.mesh.told_apart(workload)
            edge = _edge(self.mesh, proxy)
            return Key(workload.namespace, labels, (), place=place, node=node, edge=edge, said=said)
        own = self._dialled.intersection(workload.addresses)
        return Key(
            workload.namespace, self.mesh.told_apart(workload), targets(self.mesh, workload),
            own, proxy.redirected, place, node, said=said,
        )  # fmt: skip

    def of(self, key: Key) -> Bundle:
        """All but the endpoints: they are the same for every proxy, and have their own lane."""
        if key.edge:
            view = self._outside(key)
            last = self._finished[key] = finish.of(view, key.said, gateway=True)
            made = gateways.bundle(view, key.edge, self.memo)
            return replace(
                made, clusters=last.clusters(made.clusters),
                listeners=last.listeners(made.listeners), routes=last.routes(made.routes),
            )  # fmt: skip
        options = self.mesh.options
        seen = self._seen(key)
        return Bundle(
            clusters=(
                *seen.clusters,
                *seen.finish.clusters((*clusters.inbound(key.targets), *clusters.fixed())),
            ),
            listeners=seen.finish.listeners(listeners.distinct((
                *listeners.outbound(seen.view, key.own, redirected=key.redirected),
                *listeners.inbound(key.targets, options, redirected=key.redirected),
            ))),
            routes=seen.routes,
        )

    def cuts(self, key: Key) -> Mapping[str, Cut]:
        """What a class asks for of endpoints, by the assignments' names."""
        if key.edge:
            return endpoints.wanted(self._outside(key))
        return self._seen(key).cuts

    def view(self, key: Key) -> View:
        """What a class sees of the mesh."""
        return self._outside(key) if key.edge else self._seen(key).view

    def _outside(self, key: Key) -> View:
        """What a gateway sees."""
        return View(self.mesh, key.namespace, key.labels, (), key.place, key.node)

    def _seen(self, key: Key) -> Outbound:
        place = key.namespace, key.labels, key.place, key.node, key.said
        known = self._views.get(place)
        if known is None:
            view = View(self.mesh, key.namespace, key.labels, place=key.place, node=key.node)
            last = self._finished[place] = finish.of(view, key.said)
            known = Outbound(
                view, last, last.clusters(clusters.outbound(view, self.memo), last=False),
                last.routes(routes.outbound(view, self.memo)), endpoints.wanted(view),
            )  # fmt: skip
            self._views[place] = known
        return known

    def moved(self, mesh: Mesh) -> "Plans":
        return Plans(mesh, self.memo, self._views, self._dialled, self._asked, self._finished)

    def problems(self) -> tuple[Problem, ...]:
        """What was found only when patches were applied, in all plans that were made."""
        made = [one.patcher for one in self._finished.values()]
        return tuple(unapplied.problems([(one.patches, one.met, one.faults) for one in made]))


def _edge(mesh: Mesh, proxy: Proxy) -> Edge:
    """What a gateway's proxy stands for.

    Until proxies show an identity, one is believed to be the pod that it says it is when it comes
    from that pod's address: as good as a cluster's network is at keeping senders honest.
    """
    workload = mesh.workload(proxy)
    known = mesh.workloads.get(workload.key)
    held = mesh.gateways_of(workload)
    services = {one.service for one in held}
    ports = translation(mesh, workload, services.pop() if len(services) == 1 else "")
    return Edge(
        tuple(one.name for one in held), tuple(sorted(ports.items())),
        trusted=known is not None and proxy.peer in known.addresses, before=proxy.before,
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
