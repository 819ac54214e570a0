"""A Deployment into ReplicaSets: one a template, sized so that a rollout keeps its bounds. Pure.

Never: pods; a ReplicaSet makes those.
"""

from telltale.cluster.controllers import progress, revision
from telltale.cluster.controllers.action import (
    About,
    Action,
    Again,
    Create,
    Delete,
    Outcome,
    Patch,
    Tell,
)  # fmt: skip
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.owned import claim, owners, reference
from telltale.cluster.controllers.rollout import Bounds, Size, bounds, spread, step
from telltale.cluster.controllers.template import (
    HASH_LABEL,
    made_from,
    same,
    selector_with_hash,
    template_hash,
    with_hash,
)  # fmt: skip
from telltale.cluster.controllers.view import Keys, View, hears, ref
from telltale.kube.apps import Deployment, ReplicaSet
from telltale.kube.codec import Object, dig
from telltale.kube.core import Pod
from telltale.kube.kinds import DEPLOYMENT, REPLICA_SET
from telltale.kube.meta import Ref
from telltale.kube.selector import of as selector_of

_SOURCE = "deployment-controller"


def reconcile(view: View, key: Ref) -> list[Action]:
    deployment = view.deployments.get(key.name, key.namespace)
    if deployment is None:
        return []
    owned, actions = claim(
        DEPLOYMENT, deployment.metadata, selector_of(deployment.spec.selector),
        REPLICA_SET, view.replica_sets.within(key.namespace),
    )  # fmt: skip
    owned.sort(key=lambda one: (one.metadata.creation_timestamp or "", one.metadata.name))
    new = made_from(deployment.spec.template, owned)
    old = [one for one in owned if one is not new]
    if deployment.metadata.deletion_timestamp is not None:
        return actions
    steps = _steps(view, deployment, new, old)
    created = any(isinstance(one, Create) for one in steps)
    return actions + steps + _status(view, deployment, new, old, created=created)


def _steps(
    view: View, deployment: Deployment, new: ReplicaSet | None, old: list[ReplicaSet]
) -> list[Action]:
    limits = _bounds(deployment)
    active = [one for one in (*([new] if new else []), *old) if one.spec.replicas > 0]
    if deployment.spec.paused or (new and revision.was_scaled(deployment, active)):
        sizes = spread(limits, _size(new) if new else None, [_size(one) for one in old])
        return _resized(deployment, limits, sizes, [*([new] if new else []), *old])
    if deployment.spec.strategy.type == "Recreate":
        if emptied := [Size(one.metadata.name, 0) for one in old if one.spec.replicas]:
            return _resized(deployment, limits, emptied, old)
        if _runs_old_pods(view, old):
            return []
    if new is None:
        return [_create(view, deployment, limits, old)]
    if marked := _annotate(deployment, new, old):
        return marked
    if deployment.spec.strategy.type == "Recreate":
        sizes = [Size(new.metadata.name, limits.replicas)]
    else:
        sizes = step(limits, _size(new), [_size(one) for one in old])
    changed = _resized(deployment, limits, sizes, [new, *old])
    return changed or _tidied(deployment, old)


def _bounds(deployment: Deployment) -> Bounds:
    rolling, replicas = deployment.spec.strategy.rolling_update, deployment.spec.replicas
    if deployment.spec.strategy.type == "Recreate":
        return Bounds(replicas, 0, 0)
    return bounds(replicas, rolling.max_surge, rolling.max_unavailable)


def _size(one: ReplicaSet) -> Size:
    return Size(
        one.metadata.name, one.spec.replicas, one.status.available_replicas, revision.most_of(one)
    )


def _create(view: View, deployment: Deployment, limits: Bounds, old: list[ReplicaSet]) -> Action:
    meta, spec = deployment.metadata, deployment.spec
    taken = {
        one.metadata.labels.get(HASH_LABEL, "")
        for one in view.replica_sets.within(meta.namespace)
        if one.metadata.name.startswith(f"{meta.name}-")
        and not same(spec.template, one.spec.template)
    }
    value = template_hash(spec.template, taken)
    template = with_hash(spec.template, value)
    size = step(limits, Size("", 0), [_size(one) for one in old])
    replicas = size[0].wanted if size and size[0].name == "" else 0
    if spec.strategy.type == "Recreate":
        replicas = limits.replicas
    labels = dig(template, "metadata", "labels")
    name = f"{meta.name}-{value}"
    return Create(
        REPLICA_SET,
        {
            "metadata": {
                "name": name,
                "namespace": meta.namespace,
                "labels": labels,
                "annotations": {
                    **revision.annotations(deployment, None, old),
                    **revision.sized(limits.replicas, limits.most),
                },
                "ownerReferences": [reference(DEPLOYMENT, meta)],
            },
            "spec": {
                "replicas": replicas,
                "minReadySeconds": spec.min_ready_seconds,
                "selector": selector_with_hash(spec.selector, value),
                "template": template,
            },
        },
        _told(deployment, name, 0, replicas),
    )


def _told(deployment: Deployment, name: str, before: int, after: int) -> Outcome:
    about = About.of(DEPLOYMENT, deployment.metadata)
    failed = Tell(
        about, "ReplicaSetCreateError", "Failed to create new replica set "
        f'"{name}": {{error}}', _SOURCE, "Warning",
    )  # fmt: skip
    if before == after:
        return Outcome(None, failed)
    way = "up" if after > before else "down"
    text = f"Scaled {way} replica set {name} from {before} to {after}"
    return Outcome(Tell(about, "ScalingReplicaSet", text, _SOURCE), failed)


def _annotate(deployment: Deployment, new: ReplicaSet, old: list[ReplicaSet]) -> list[Action]:
    """The newest ReplicaSet carries the newest revision, and the Deployment says the same."""
    wanted = revision.annotations(deployment, new, old)
    have = new.metadata.annotations
    actions: list[Action] = []
    patch: Object = {}
    if any(have.get(name) != value for name, value in wanted.items()):
        patch = {"metadata": {"annotations": wanted}}
    if new.spec.template and deployment.spec.min_ready_seconds != new.spec.min_ready_seconds:
        patch["spec"] = {"minReadySeconds": deployment.spec.min_ready_seconds}
    if patch:
        actions.append(Patch(REPLICA_SET, new.metadata.name, patch, new.metadata.namespace))
    if deployment.metadata.annotations.get(revision.REVISION) != wanted[revision.REVISION]:
        actions.append(
            Patch(
                DEPLOYMENT, deployment.metadata.name,
                {"metadata": {"annotations": {revision.REVISION: wanted[revision.REVISION]}}},
                deployment.metadata.namespace,
            )
        )  # fmt: skip
    return actions


def _resized(
    deployment: Deployment, limits: Bounds, sizes: list[Size], among: list[ReplicaSet]
) -> list[Action]:
    wanted = {size.name: size.wanted for size in sizes}
    actions: list[Action] = []
    notes = revision.sized(limits.replicas, limits.most)
    for one in among:
        replicas = wanted.get(one.metadata.name, one.spec.replicas)
        noted = all(one.metadata.annotations.get(name) == value for name, value in notes.items())
        changed = replicas != one.spec.replicas
        if not changed and (noted or not one.spec.replicas):
            continue
        patch: Object = {
            "metadata": {"resourceVersion": one.metadata.resource_version, "annotations": notes},
            "spec": {"replicas": replicas},
        }
        told = _told(deployment, one.metadata.name, one.spec.replicas, replicas)
        actions.append(
            Patch(
                REPLICA_SET, one.metadata.name, patch, one.metadata.namespace,
                outcome=Outcome(told.done),
            )
        )  # fmt: skip
    return actions


def _runs_old_pods(view: View, old: list[ReplicaSet]) -> bool:
    """Recreate waits until the last old pod is gone, terminating ones included."""
    pods = [pod for one in old for pod in view.pods.owned(one.metadata.uid)]
    return any(not pod.ended or pod.metadata.deletion_timestamp for pod in pods)


def _tidied(deployment: Deployment, old: list[ReplicaSet]) -> list[Action]:
    if not progress.complete(deployment, deployment.status):
        return []
    return [
        Delete(REPLICA_SET, one.metadata.name, one.metadata.namespace, one.metadata.uid)
        for one in revision.outdated(deployment, old)
    ]


def _status(
    view: View, deployment: Deployment, new: ReplicaSet | None, old: list[ReplicaSet],
    *, created: bool,
) -> list[Action]:  # fmt: skip
    every = [*([new] if new else []), *old]
    seen = progress.Seen(deployment, new, every, _bounds(deployment), view.now, created)
    wanted = progress.status(seen)
    actions: list[Action] = []
    left = progress.deadline_in_s(seen)
    if left is not None and left > 0:
        actions.append(Again(left + 1))
    if wanted != deployment.status:
        patch = progress.patch_for(wanted)
        meta = deployment.metadata
        actions.append(Patch(DEPLOYMENT, meta.name, patch, meta.namespace, "status"))
    return actions


def _of_deployment(_: View, deployment: Deployment) -> Keys:
    yield ref(DEPLOYMENT, deployment.metadata)


def _of_replica_set(view: View, one: ReplicaSet) -> Keys:
    return owners(one.metadata, view.deployments)


def _of_pod(view: View, pod: Pod) -> Keys:
    """Only Recreate cares: it waits for the last old pod to go."""
    owner = pod.metadata.controller
    found = view.replica_sets.get(owner.name, pod.metadata.namespace) if owner else None
    above = found.metadata.controller if found else None
    if above is None:
        return
    deployment = view.deployments.get(above.name, pod.metadata.namespace)
    if deployment is not None and deployment.spec.strategy.type == "Recreate":
        yield ref(DEPLOYMENT, deployment.metadata)


CONTROLLER = Controller(
    "deployment",
    reconcile,
    (
        hears(lambda view: view.deployments, _of_deployment),
        hears(lambda view: view.replica_sets, _of_replica_set),
        hears(lambda view: view.pods, _of_pod),
    ),
)
