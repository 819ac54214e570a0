"""The last hand on finished resources: what is the same for all of them, whatever made them. Pure.

What is counted, logged and traced of requests; and who makes them. Never: where they go.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from telltale.model.view import View
from telltale.pilot.envoy import observe
from telltale.pilot.envoy.connections import Change


@dataclass
class Finish:
    """For the workloads of a namespace that have these labels. Each method changes in place."""

    change: Change

    def clusters(self, made: Iterable[Cluster]) -> tuple[Cluster, ...]:
        found = tuple(made)
        observe.note_services(found)
        return found

    def listeners(self, made: Iterable[Listener]) -> tuple[Listener, ...]:
        found = tuple(made)
        for one in found:
            self.change.apply(one)
        return found

    def routes(self, made: Iterable[RouteConfiguration]) -> tuple[RouteConfiguration, ...]:
        found = tuple(made)
        observe.announce(found)
        return found


def of(view: View) -> Finish:
    observed = view.mesh.observed(view.namespace, view.labels)
    seen = frozenset(service.host for service in view.services)
    return Finish(observe.change(observed.within(seen)))
