"""A ReplicaSet into pods: as many as it asks for, the least useful removed first. Pure.

Never: updating a pod; a changed template is the Deployment's business.
"""

from datetime import datetime, timedelta

from telltale.cluster.controllers.action import (
    About,
    Action,
    Again,
    Create,
    Delete,
    Outcome,
    Patch,
    Tell,
)
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.owned import claim, owners, reference
from telltale.cluster.controllers.view import Keys, View, hears, ref
from telltale.kube.apps import ReplicaSet
from telltale.kube.codec import Json, Object, dig, to_json
from telltale.kube.core import Pod
from telltale.kube.kinds import POD, REPLICA_SET
from telltale.kube.meta import Condition, Ref
from telltale.kube.selector import of as selector_of
from telltale.lib.moment import parse_rfc3339, rfc3339

_SOURCE = "replicaset-controller"
_BURST = 500  # Kubernetes' BurstReplicas: the most pods made in one go
_PHASES = {"Pending": 0, "": 0, "Unknown": 1, "Running": 2}


def reconcile(view: View, key: Ref) -> list[Action]:
    owner = view.replica_sets.get(key.name, key.namespace)
    if owner is None:
        view.failed.pop(key, None)
        return []
    selector = selector_of(owner.spec.selector)
    mine, actions = claim(
        REPLICA_SET, owner.metadata, selector, POD, view.pods.within(key.namespace)
    )
    active = [pod for pod in mine if not pod.ended and pod.metadata.deletion_timestamp is None]
    if owner.metadata.deletion_timestamp is None:
        actions += _scale(owner, active)
    status, again = _status(view, owner, active)
    return actions + status + again


def _available_at(pod: Pod, min_ready_s: int) -> datetime | None:
    """From when on a pod counts as available; None while it is not ready."""
    ready = pod.condition("Ready")
    if ready is None or ready.status != "True":
        return None
    since = ready.last_transition_time
    start = parse_rfc3339(since) if since else datetime.fromtimestamp(0).astimezone()
    return start + timedelta(seconds=min_ready_s)


def _scale(owner: ReplicaSet, active: list[Pod]) -> list[Action]:
    missing = owner.spec.replicas - len(active)
    about = About.of(REPLICA_SET, owner.metadata)
    if missing > 0:
        outcome = Outcome(
            Tell(about, "SuccessfulCreate", "Created pod: {name}", _SOURCE),
            Tell(about, "FailedCreate", "Error creating: {error}", _SOURCE, "Warning"),
        )
        create = Create(POD, _pod_of(owner), outcome)
        return [create] * min(missing, _BURST)
    outcome = Outcome(
        Tell(about, "SuccessfulDelete", "Deleted pod: {name}", _SOURCE),
        Tell(about, "FailedDelete", "Error deleting: {error}", _SOURCE, "Warning"),
    )
    surplus = sorted(active, key=_usefulness)[: max(-missing, 0)]
    return [
        Delete(POD, pod.metadata.name, pod.metadata.namespace, pod.metadata.uid, outcome=outcome)
        for pod in surplus
    ]


def _pod_of(owner: ReplicaSet) -> Object:
    template = owner.spec.template
    meta = dig(template, "metadata", default={})
    assert isinstance(meta, dict)
    kept: Object = {
        name: meta[name] for name in ("labels", "annotations", "finalizers") if meta.get(name)
    }
    return {
        "metadata": {
            **kept,
            "generateName": f"{owner.metadata.name}-",
            "namespace": owner.metadata.namespace,
            "ownerReferences": [reference(REPLICA_SET, owner.metadata)],
        },
        "spec": template.get("spec"),
    }


def _usefulness(pod: Pod) -> tuple[bool, int, bool, int, float, int, float]:
    """Least first, as Kubernetes chooses what to remove (ActivePodsWithRanks)."""
    ready = pod.condition("Ready")
    since = ready.last_transition_time if ready and ready.status == "True" else None
    born = pod.metadata.creation_timestamp
    cost = pod.metadata.annotations.get("controller.kubernetes.io/pod-deletion-cost", "0")
    return (
        bool(pod.spec.node_name),
        _PHASES.get(pod.status.phase, 0),
        pod.ready,
        int(cost) if cost.lstrip("+-").isdigit() else 0,
        -parse_rfc3339(since).timestamp() if since else 0.0,
        -sum(one.restart_count for one in pod.status.container_statuses),
        -parse_rfc3339(born).timestamp() if born else 0.0,
    )


def _status(view: View, owner: ReplicaSet, active: list[Pod]) -> tuple[list[Action], list[Action]]:
    template_labels = dig(owner.spec.template, "metadata", "labels", default={})
    assert isinstance(template_labels, dict)
    times = [_available_at(pod, owner.spec.min_ready_seconds) for pod in active]
    ready = [moment for moment in times if moment is not None]
    waiting = [moment for moment in ready if moment > view.now]
    labelled = [
        pod for pod in active
        if all(pod.metadata.labels.get(name) == value for name, value in template_labels.items())
    ]  # fmt: skip
    wanted: Object = {
        "observedGeneration": owner.metadata.generation,
        "replicas": len(active),
        "fullyLabeledReplicas": len(labelled) or None,
        "readyReplicas": len(ready) or None,
        "availableReplicas": (len(ready) - len(waiting)) or None,
        "conditions": _conditions(view, owner),
    }
    again: list[Action] = []
    if waiting:
        again = [Again(max((min(waiting) - view.now).total_seconds(), 0.01))]
    if _as_written(owner) == wanted:
        return [], again
    patch: Object = {"status": wanted}
    return [
        Patch(REPLICA_SET, owner.metadata.name, patch, owner.metadata.namespace, "status")
    ], again


def _as_written(owner: ReplicaSet) -> Object:
    status = owner.status
    return {
        "observedGeneration": status.observed_generation,
        "replicas": status.replicas,
        "fullyLabeledReplicas": status.fully_labeled_replicas or None,
        "readyReplicas": status.ready_replicas or None,
        "availableReplicas": status.available_replicas or None,
        "conditions": to_json(status.conditions) if status.conditions else None,
    }


def _conditions(view: View, owner: ReplicaSet) -> Json:
    """ReplicaFailure while the API refuses our pods; nothing otherwise."""
    error = view.failed.get(ref(REPLICA_SET, owner.metadata))
    if error is None:
        return None
    known = next((one for one in owner.status.conditions if one.type == "ReplicaFailure"), None)
    if known is not None and known.message == error:
        return to_json([known])
    moment = known.last_transition_time if known else rfc3339(view.now)
    fresh = Condition(
        type="ReplicaFailure", status="True", reason="FailedCreate", message=error,
        last_transition_time=moment,
    )  # fmt: skip
    return to_json([fresh])


def _of_pod(view: View, pod: Pod) -> Keys:
    return owners(pod.metadata, view.replica_sets)


def _of_replica_set(_: View, owner: ReplicaSet) -> Keys:
    yield ref(REPLICA_SET, owner.metadata)


CONTROLLER = Controller(
    "replicaset",
    reconcile,
    (
        hears(lambda view: view.replica_sets, _of_replica_set),
        hears(lambda view: view.pods, _of_pod),
    ),
)
