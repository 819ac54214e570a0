"""A StatefulSet into pods of stable names, one after another, each healthy before the next. Pure.

The order of Kubernetes (pkg/controller/statefulset): up from the first ordinal, down from the last,
a new template from the last down to the partition. Never: volume claims; the API refuses them.
"""

from dataclasses import dataclass
from datetime import datetime

from telltale.cluster.controllers import ordinals, standing
from telltale.cluster.controllers.action import (
    About,
    Action,
    Again,
    Create,
    Delete,
    Outcome,
    Tell,
)  # fmt: skip
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.owned import claim, owners
from telltale.cluster.controllers.standing import Revisions
from telltale.cluster.controllers.view import Keys, View, hears, ref
from telltale.kube.core import Pod
from telltale.kube.kinds import POD, STATEFUL_SET
from telltale.kube.meta import Ref
from telltale.kube.selector import of as selector_of
from telltale.kube.statefulset import ControllerRevision, StatefulSet

_SOURCE = "statefulset-controller"


def reconcile(view: View, key: Ref) -> list[Action]:
    owner = view.stateful_sets.get(key.name, key.namespace)
    if owner is None:
        view.failed.pop(key, None)
        return []
    selector = selector_of(owner.spec.selector)
    found = [one for one in view.pods.within(key.namespace) if _ours(owner, one)]
    mine, actions = claim(STATEFUL_SET, owner.metadata, selector, POD, found)
    if owner.metadata.deletion_timestamp is not None:
        return actions
    kept = view.revisions.owned(owner.metadata.uid)
    revisions, made = standing.revisions(owner, kept)
    if revisions is None:
        return [*actions, *made]  # what is made brings us back
    pods = ordinals.by_ordinal(owner, mine)
    steps = _Steps(owner, pods, revisions, view.now).all()
    status = standing.status(owner, pods, revisions, view.now)
    tidied = standing.outdated(owner, pods.values(), revisions)
    return [*actions, *made, *steps, *status, *tidied]


def _ours(owner: StatefulSet, pod: Pod) -> bool:
    """A pod is taken in only under a name of the set's; one that is owned is looked at anyhow."""
    controller = pod.metadata.controller
    owned = controller is not None and controller.uid == owner.metadata.uid
    return owned or ordinals.ordinal(owner, pod) is not None


@dataclass(frozen=True)
class _Steps:
    """What to do next. Ordered sets do one thing and wait for it; parallel ones all at once."""

    owner: StatefulSet
    pods: dict[int, Pod]
    revisions: Revisions
    now: datetime

    def all(self) -> list[Action]:
        actions: list[Action] = []
        for part in (self._grow, self._shrink):
            done, blocked = part()
            actions += done
            if blocked:
                return actions
        return actions + self._renew()

    @property
    def _ordered(self) -> bool:
        return self.owner.spec.pod_management_policy != "Parallel"

    @property
    def _wanted(self) -> range:
        first = self.owner.spec.ordinals.start
        return range(first, first + self.owner.spec.replicas)

    def _grow(self) -> tuple[list[Action], bool]:
        """Every ordinal has its pod, the lower before the higher; and whether to stop here."""
        actions: list[Action] = []
        for number in self._wanted:
            pod = self.pods.get(number)
            if pod is None:
                actions.append(self._create(number))
            elif pod.ended and not ordinals.leaving(pod):
                actions.append(self._delete(pod))
            elif (wait := self._unavailable(pod)) is not None:
                actions += [Again(wait)] if wait else []
            else:
                continue
            if self._ordered:
                return actions, True
        return actions, False

    def _shrink(self) -> tuple[list[Action], bool]:
        """Pods beyond the wanted ones go, the highest first; an ordered set waits for each."""
        actions: list[Action] = []
        for number in sorted(self.pods.keys() - set(self._wanted), reverse=True):
            pod = self.pods[number]
            if not ordinals.leaving(pod):
                actions.append(self._delete(pod))
            if self._ordered:
                return actions, True
        return actions, bool(actions)

    def _renew(self) -> list[Action]:
        """The highest pod of an older revision goes, once all above it are healthy again."""
        if self.owner.spec.update_strategy.type == "OnDelete":
            return []
        for number in reversed(self._wanted):
            pod = self.pods.get(number)
            if number < self._partition or pod is None:
                return []
            if ordinals.revision(pod) != self.revisions.update.metadata.name:
                return [] if ordinals.leaving(pod) else [self._delete(pod)]
            if (wait := self._unavailable(pod)) is not None:
                return [Again(wait)] if wait else []
        return []

    @property
    def _partition(self) -> int:
        start = self.owner.spec.ordinals.start
        return start + self.owner.spec.update_strategy.rolling_update.partition

    def _unavailable(self, pod: Pod) -> float | None:
        """None when it is available; else how long until it may be, 0 when only a change tells."""
        left = ordinals.available_in_s(pod, self.owner.spec.min_ready_seconds, self.now)
        if left is None:
            return 0.0
        return left or None

    def _revision(self, number: int) -> ControllerRevision:
        """Below the partition the older template holds, whenever a pod is made."""
        rolling = self.owner.spec.update_strategy.type != "OnDelete"
        return self.revisions.current if rolling and number < self._partition else (
            self.revisions.update
        )

    def _create(self, number: int) -> Create:
        named = ordinals.name(self.owner, number)
        about = About.of(STATEFUL_SET, self.owner.metadata)
        said = f"create Pod {named} in StatefulSet {self.owner.metadata.name}"
        outcome = Outcome(
            Tell(about, "SuccessfulCreate", f"{said} successful", _SOURCE),
            Tell(about, "FailedCreate", f"{said} failed error: {{error}}", _SOURCE, "Warning"),
        )
        return Create(POD, ordinals.pod(self.owner, number, self._revision(number)), outcome)

    def _delete(self, pod: Pod) -> Delete:
        meta = pod.metadata
        about = About.of(STATEFUL_SET, self.owner.metadata)
        said = f"delete Pod {meta.name} in StatefulSet {self.owner.metadata.name}"
        outcome = Outcome(
            Tell(about, "SuccessfulDelete", f"{said} successful", _SOURCE),
            Tell(about, "FailedDelete", f"{said} failed error: {{error}}", _SOURCE, "Warning"),
        )
        return Delete(POD, meta.name, meta.namespace, meta.uid, outcome=outcome)


def _of_set(_: View, owner: StatefulSet) -> Keys:
    yield ref(STATEFUL_SET, owner.metadata)


def _of_pod(view: View, pod: Pod) -> Keys:
    return owners(pod.metadata, view.stateful_sets)


def _of_revision(view: View, one: ControllerRevision) -> Keys:
    if one.metadata.controller is not None:
        yield from owners(one.metadata, view.stateful_sets)


CONTROLLER = Controller(
    "statefulset",
    reconcile,
    (
        hears(lambda view: view.stateful_sets, _of_set),
        hears(lambda view: view.pods, _of_pod),
        hears(lambda view: view.revisions, _of_revision),
    ),
)
