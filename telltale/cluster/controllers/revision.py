"""Revisions of a Deployment: numbers and annotations on its ReplicaSets. Pure.

Never: choosing sizes.
"""

from collections.abc import Sequence

from telltale.kube.apps import Deployment, ReplicaSet
from telltale.kube.codec import Object

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = frozenset(
    {"kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MOST,
     "deprecated.deployment.rollback.to"}
)  # fmt: skip


def number(one: ReplicaSet | Deployment) -> int:
    text = one.metadata.annotations.get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def upcoming(old: Sequence[ReplicaSet]) -> int:
    return max((number(one) for one in old), default=0) + 1


def annotations(
    deployment: Deployment, new: ReplicaSet | None, old: Sequence[ReplicaSet]
) -> Object:
    """What the newest ReplicaSet must say of itself; a rolled-back one gets the newest number."""
    wanted: Object = {
        name: value
        for name, value in deployment.metadata.annotations.items()
        if name not in _NOT_COPIED
    }
    current = number(new) if new else 0
    revision = max(upcoming(old), current)
    wanted[REVISION] = str(revision)
    if new and current and revision != current:
        past = new.metadata.annotations.get(HISTORY, "")
        wanted[HISTORY] = ",".join(part for part in (past, str(current)) if part)
    return wanted


def sized(replicas: int, most: int) -> Object:
    """What a ReplicaSet remembers of the Deployment when it was last sized."""
    return {DESIRED: str(replicas), MOST: str(most)}


def most_of(one: ReplicaSet) -> int:
    text = one.metadata.annotations.get(MOST, "0")
    return int(text) if text.isdigit() else 0


def was_scaled(deployment: Deployment, active: Sequence[ReplicaSet]) -> bool:
    """Whether the Deployment's replicas changed since its ReplicaSets were last sized."""
    return any(
        one.metadata.annotations.get(DESIRED, str(deployment.spec.replicas))
        != str(deployment.spec.replicas)
        for one in active
    )


def outdated(deployment: Deployment, old: Sequence[ReplicaSet]) -> list[ReplicaSet]:
    """Empty old ReplicaSets beyond `revisionHistoryLimit`, the oldest revisions first."""
    empty = [
        one for one in old
        if one.spec.replicas == 0 and one.status.replicas == 0
        and one.metadata.deletion_timestamp is None
        and one.metadata.generation <= one.status.observed_generation
    ]  # fmt: skip
    surplus = len(empty) - deployment.spec.revision_history_limit
    return sorted(empty, key=number)[: max(surplus, 0)]
