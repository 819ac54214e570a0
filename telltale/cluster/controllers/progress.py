"""A Deployment's status and conditions, as `kubectl rollout status` and `wait` read them. Pure.

Never: changing a ReplicaSet. Follows Kubernetes' deployment/progress.go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from telltale.cluster.controllers.rollout import Bounds
from telltale.kube.apps import Deployment, DeploymentStatus, ReplicaSet
from telltale.kube.codec import Object, to_object
from telltale.kube.meta import Condition
from telltale.lib.moment import parse_rfc3339, rfc3339

_FOREVER = 2147483647


@dataclass(frozen=True, slots=True)
class Seen:
    """What a status is made from."""

    deployment: Deployment
    new: ReplicaSet | None
    every: Sequence[ReplicaSet]
    limits: Bounds
    now: datetime
    created: bool = False  # the new ReplicaSet is made in this very step


def status(seen: Seen) -> DeploymentStatus:
    """Counters summed over the ReplicaSets, and the conditions that follow from them."""
    available = sum(one.status.available_replicas for one in seen.every)
    wanted = sum(one.spec.replicas for one in seen.every)
    counted = DeploymentStatus(
        observed_generation=seen.deployment.metadata.generation,
        replicas=sum(one.status.replicas for one in seen.every),
        updated_replicas=seen.new.status.replicas if seen.new else 0,
        ready_replicas=sum(one.status.ready_replicas for one in seen.every),
        available_replicas=available,
        unavailable_replicas=max(wanted - available, 0),
    )
    found = [_available(seen, counted), _progressing(seen, counted), _failure(seen)]
    return DeploymentStatus(
        **{name: getattr(counted, name) for name in _COUNTERS},
        conditions=[_dated(seen, one) for one in found if one is not None],
    )


_COUNTERS = (
    "observed_generation", "replicas", "updated_replicas", "ready_replicas",
    "available_replicas", "unavailable_replicas",
)  # fmt: skip


def patch_for(wanted: DeploymentStatus) -> Object:
    """The merge patch that writes it; a counter of nought is left out, as Kubernetes does."""
    gone: Object = {
        "replicas": None, "updatedReplicas": None, "readyReplicas": None,
        "availableReplicas": None, "unavailableReplicas": None,
    }  # fmt: skip
    return {"status": {**gone, **to_object(wanted)}}


def complete(deployment: Deployment, counted: DeploymentStatus) -> bool:
    """Every replica is new and available, and no old one is left."""
    replicas = deployment.spec.replicas
    return (
        counted.updated_replicas == counted.replicas == counted.available_replicas == replicas
        and counted.observed_generation >= deployment.metadata.generation
    )


def deadline_in_s(seen: Seen) -> float | None:
    """Seconds until a rollout that stands still is overdue; None when none is under way."""
    known = _known(seen.deployment, "Progressing")
    if known is None or known.status != "True" or not _has_deadline(seen.deployment):
        return None
    if known.reason == "NewReplicaSetAvailable" or not known.last_update_time:
        return None
    since = (seen.now - parse_rfc3339(known.last_update_time)).total_seconds()
    return seen.deployment.spec.progress_deadline_seconds - since


def _available(seen: Seen, counted: DeploymentStatus) -> Condition:
    if counted.available_replicas >= seen.deployment.spec.replicas - seen.limits.unavailable:
        return _condition(
            "Available", "True", "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )  # fmt: skip
    return _condition(
        "Available", "False", "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
    )  # fmt: skip


def _progressing(seen: Seen, counted: DeploymentStatus) -> Condition | None:
    deployment, known = seen.deployment, _known(seen.deployment, "Progressing")
    if deployment.spec.paused:
        return _condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
    if not _has_deadline(deployment):
        return None
    if known and known.reason == "DeploymentPaused":
        return _condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")
    name = seen.new.metadata.name if seen.new else ""
    told = f'ReplicaSet "{name}"' if name else f'Deployment "{deployment.metadata.name}"'
    done = counted.replicas == counted.updated_replicas
    if known and known.reason == "NewReplicaSetAvailable" and done and not seen.created:
        return known
    if complete(deployment, counted):
        return _condition(
            "Progressing", "True", "NewReplicaSetAvailable", f"{told} has successfully progressed."
        )
    if seen.created:
        return _condition("Progressing", "True", "NewReplicaSetCreated", "Created new replica set")
    if _moved(deployment.status, counted) or known is None:
        return _condition("Progressing", "True", "ReplicaSetUpdated", f"{told} is progressing.")
    if (left := deadline_in_s(seen)) is not None and left <= 0:
        return _condition(
            "Progressing", "False", "ProgressDeadlineExceeded", f"{told} has timed out progressing."
        )
    return known


def _failure(seen: Seen) -> Condition | None:
    newest_first = [*([seen.new] if seen.new else []), *seen.every]
    for one in newest_first:
        for condition in one.status.conditions:
            if condition.type == "ReplicaFailure" and condition.status == "True":
                return condition
    return None


def _moved(before: DeploymentStatus, after: DeploymentStatus) -> bool:
    return (
        after.updated_replicas > before.updated_replicas
        or after.replicas - after.updated_replicas < before.replicas - before.updated_replicas
        or after.ready_replicas > before.ready_replicas
        or after.available_replicas > before.available_replicas
    )


def _dated(seen: Seen, fresh: Condition) -> Condition:
    """Times as Kubernetes keeps them: transition when the status turns, update when anything does.

    A rollout that moves renews its update time, from which the deadline counts.
    """
    known = _known(seen.deployment, fresh.type)
    moment = rfc3339(seen.now)
    if known is not None and fresh is known:
        return known
    if known is not None and fresh.reason != "ReplicaSetUpdated" and _same(known, fresh):
        return known
    turned = known is None or known.status != fresh.status
    return Condition(
        type=fresh.type, status=fresh.status, reason=fresh.reason, message=fresh.message,
        last_update_time=moment,
        last_transition_time=moment if turned or known is None else known.last_transition_time,
    )  # fmt: skip


def _same(one: Condition, other: Condition) -> bool:
    return (one.status, one.reason, one.message) == (other.status, other.reason, other.message)


def _condition(type: str, status: str, reason: str, message: str) -> Condition:
    return Condition(type=type, status=status, reason=reason, message=message)


def _known(deployment: Deployment, type: str) -> Condition | None:
    return next((one for one in deployment.status.conditions if one.type == type), None)


def _has_deadline(deployment: Deployment) -> bool:
    return deployment.spec.progress_deadline_seconds != _FOREVER
