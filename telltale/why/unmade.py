"""Deployments whose pods cannot even be made: the API server refuses them. Pure.

Never: why it refuses; its own words are kept.
"""

from dataclasses import dataclass

from telltale.kube.apps import Deployment
from telltale.kube.meta import Condition, Ref
from telltale.why.pods import age_s, workload
from telltale.why.world import World

# Seconds within which a refusal is no news: who makes pods tries again.
YOUNG_S = 20
REFUSED = "ReplicaFailure"
BY_WEBHOOK = "failed calling webhook"


@dataclass(frozen=True, slots=True)
class Unmade:
    """`there` of `wanted` pods exist; `said`: why not more, in the API server's words."""

    owner: Ref
    there: int
    wanted: int
    said: str
    young: bool = False  # refused for moments only: the pilot is being replaced, say

    @property
    def by_webhook(self) -> bool:
        return BY_WEBHOOK in self.said


def unmade(world: World) -> tuple[Unmade, ...]:
    """What is asked about as a whole, or has a pod that is."""
    owners = {workload(pod) for pod in world.focused()}
    found = []
    for one in world.deployments:
        ref = Ref("Deployment", one.metadata.namespace, one.metadata.name)
        asked = world.scope == "" or world.scope == ref.namespace or ref in owners
        if asked and (said := _refusal(one)):
            young = age_s(said.last_transition_time, world.now) < YOUNG_S
            words = " ".join(said.message.split())
            found.append(Unmade(ref, len(world.pods_of(one)), one.spec.replicas, words, young))
    return tuple(sorted(found, key=lambda one: one.owner))


def _refusal(one: Deployment) -> Condition | None:
    found = (each for each in one.status.conditions if each.type == REFUSED)
    return next((each for each in found if each.status == "True"), None)
