"""The last hand on finished resources: what is the same for all of them, whatever made them. Pure.

What is counted, logged and traced of requests, and who makes them; then users' own patches, which
see all of it. Never: where requests go.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.scope import Labels
from telltale.model.view import View
from telltale.pilot.envoy.telling import observe
from telltale.pilot.envoy.telling.connections import Change
from telltale.pilot.patching.apply import Patcher


@dataclass
class Finish:
    """For the workloads of a namespace that have these labels. Listeners are changed in place."""

    change: Change
    patcher: Patcher

    def clusters(self, made: Iterable[Cluster], *, last: bool = True) -> tuple[Cluster, ...]:
        found = tuple(made)
        return self.patcher.clusters(found, last=last) if self.patcher.patches else found

    def listeners(self, made: Iterable[Listener]) -> tuple[Listener, ...]:
        found = tuple(made)
        for one in found:
            self.change.apply(one)
        return self.patcher.listeners(found) if self.patcher.patches else found

    def routes(self, made: Iterable[RouteConfiguration]) -> tuple[RouteConfiguration, ...]:
        found = tuple(made)
        return self.patcher.routes(found) if self.patcher.patches else found


def of(view: View, said: Labels, *, gateway: bool = False) -> Finish:
    observed = view.mesh.observed(view.namespace, view.labels)
    seen = frozenset(service.host for service in view.services)
    patches = view.mesh.patches_of(view.namespace, view.labels, said)
    return Finish(observe.change(observed.within(seen)), Patcher(patches, gateway))
