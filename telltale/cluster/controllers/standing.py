"""Where a StatefulSet stands: the revisions of its template, and its status. Pure.

Never: its pods' order. A revision is kept as a ControllerRevision, from which pods below the
partition are made and to which `kubectl rollout undo` goes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from telltale.cluster.controllers import ordinals
from telltale.cluster.controllers.action import Action, Create, Delete, Patch
from telltale.cluster.controllers.owned import reference
from telltale.cluster.controllers.template import same, template_hash
from telltale.kube.codec import Object, dig, to_object
from telltale.kube.core import Pod
from telltale.kube.kinds import CONTROLLER_REVISION, STATEFUL_SET
from telltale.kube.statefulset import ControllerRevision, StatefulSet


@dataclass(frozen=True, slots=True)
class Revisions:
    """`update` is that of the template as it is now; `current` the last that was rolled out."""

    current: ControllerRevision
    update: ControllerRevision
    others: tuple[ControllerRevision, ...] = ()


def revisions(
    owner: StatefulSet, kept: Iterable[ControllerRevision]
) -> tuple[Revisions | None, list[Action]]:
    """None while the template's own revision is not written yet; then the action that writes it."""
    known = sorted(kept, key=lambda one: (one.revision, one.metadata.name))
    newest = known[-1].revision if known else 0
    found = [one for one in known if same(owner.spec.template, _template(one))]
    if not found:
        return None, [_made(owner, known, newest + 1)]
    update, actions = found[-1], list[Action]()
    if update.revision < newest:  # went back to an older template: it is the newest again
        meta, patch = update.metadata, {"revision": newest + 1}
        actions.append(Patch(CONTROLLER_REVISION, meta.name, {**patch}, meta.namespace))
    named = owner.status.current_revision
    current = next((one for one in known if one.metadata.name == named), update)
    others = tuple(one for one in known if one is not update and one is not current)
    return Revisions(current, update, others), actions


def _template(one: ControllerRevision) -> Object:
    found = dig(one.data, "spec", "template", default={})
    assert isinstance(found, dict)
    return {key: value for key, value in found.items() if key != "$patch"}


def _made(owner: StatefulSet, known: list[ControllerRevision], number: int) -> Create:
    meta = owner.metadata
    taken = {one.metadata.name.removeprefix(f"{meta.name}-") for one in known}
    value = template_hash(owner.spec.template, taken)
    labels = dig(owner.spec.template, "metadata", "labels", default={})
    assert isinstance(labels, dict)
    return Create(CONTROLLER_REVISION, {
        "metadata": {
            "name": f"{meta.name}-{value}", "namespace": meta.namespace,
            "labels": {**labels, ordinals.REVISION_LABEL: value},
            "ownerReferences": [reference(STATEFUL_SET, meta)],
        },
        "data": {"spec": {"template": {**owner.spec.template, "$patch": "replace"}}},
        "revision": number,
    })  # fmt: skip


def status(
    owner: StatefulSet, pods: dict[int, Pod], known: Revisions, now: datetime
) -> list[Action]:
    """The status as it should be, when it is another than is written."""
    wait_s, there = owner.spec.min_ready_seconds, list(pods.values())
    staying = [one for one in there if not ordinals.leaving(one)]
    ready = [one for one in staying if ordinals.healthy(one)]
    available = [one for one in ready if ordinals.available_in_s(one, wait_s, now) == 0]
    update, current = known.update.metadata.name, known.current.metadata.name
    updated = sum(ordinals.revision(one) == update for one in staying)
    older = sum(ordinals.revision(one) == current for one in staying)
    rolling = owner.spec.update_strategy.type != "OnDelete"
    if rolling and updated == len(there) == len(ready) == owner.spec.replicas:
        current, older = update, updated  # rolled out
    wanted: Object = {
        "observedGeneration": owner.metadata.generation,
        "replicas": len(there),
        "readyReplicas": len(ready),
        "availableReplicas": len(available),
        "currentReplicas": older,
        "updatedReplicas": updated,
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": 0,
    }
    written = to_object(owner.status)
    if all(written.get(key) == value or (not value and key not in written)
           for key, value in wanted.items()):  # fmt: skip
        return []
    meta = owner.metadata
    return [Patch(STATEFUL_SET, meta.name, {"status": wanted}, meta.namespace, "status")]


def outdated(owner: StatefulSet, pods: Iterable[Pod], known: Revisions) -> list[Action]:
    """Revisions that no pod is of, beyond `revisionHistoryLimit`, the oldest first."""
    used = {ordinals.revision(one) for one in pods}
    idle = [one for one in known.others if one.metadata.name not in used]
    surplus = idle[: max(len(idle) - owner.spec.revision_history_limit, 0)]
    return [
        Delete(CONTROLLER_REVISION, one.metadata.name, one.metadata.namespace, one.metadata.uid)
        for one in surplus
    ]
