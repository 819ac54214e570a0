"""The last hand on finished resources: what is the same for all of them, whatever made them. Pure.

What is counted, logged and traced of requests, and who makes them; then users' own patches, which
see all of it. Never: where requests go.
"""

from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener

from telltale.model.observed import Observed
from telltale.model.patch import Patch
from telltale.model.scope import Labels
from telltale.model.view import View
from telltale.pilot.envoy.resources import Table
from telltale.pilot.envoy.telling import observe
from telltale.pilot.envoy.telling.connections import Change
from telltale.pilot.patching.apply import Patcher


@dataclass(frozen=True, slots=True)
class Wanted:
    """What users and the mesh want of the resources of some proxies."""

    observed: Observed
    patches: tuple[Patch, ...]


@dataclass
class Finish:
    """For the workloads of a namespace that have these labels."""

    change: Change
    patcher: Patcher

    def tell(self, made: Listener) -> Listener:
        """What is counted, logged and traced there; changed in place."""
        self.change.apply(made)
        return made

    def clusters(self, made: tuple[Cluster, ...], *, last: bool = True) -> tuple[Cluster, ...]:
        return self.patcher.clusters(made, last=last) if self.patcher.patches else made

    def listeners(self, made: tuple[Listener, ...]) -> tuple[Listener, ...]:
        return self.patcher.listeners(made) if self.patcher.patches else made

    def tables(self, made: tuple[Table, ...]) -> tuple[Table, ...]:
        if not self.patcher.patches:
            return made
        return tuple(map(Table, self.patcher.routes(tuple(one.message() for one in made))))


def wanted(view: View, said: Labels) -> Wanted:
    mesh = view.mesh
    observed = mesh.observed(view.namespace, view.labels)
    return Wanted(
        observed.within(lambda host: view.service(host) is not None),
        mesh.patches_of(view.namespace, view.labels, said),
    )


def of(wanted: Wanted, *, gateway: bool = False) -> Finish:
    return Finish(observe.change(wanted.observed), Patcher(wanted.patches, gateway))
