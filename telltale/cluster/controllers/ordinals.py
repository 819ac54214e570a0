"""The pods of a StatefulSet by their ordinal: their names, what each is made of, how each is. Pure.

Never: what is done about it.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from telltale.cluster.controllers.owned import reference
from telltale.kube.codec import Object, dig
from telltale.kube.core import Pod
from telltale.kube.kinds import STATEFUL_SET
from telltale.kube.statefulset import ControllerRevision, StatefulSet
from telltale.lib.moment import parse_rfc3339

NAME_LABEL = "statefulset.kubernetes.io/pod-name"
INDEX_LABEL = "apps.kubernetes.io/pod-index"
REVISION_LABEL = "controller-revision-hash"
_NAME = re.compile(r"^(?P<set>.+)-(?P<ordinal>\d+)$")


def name(owner: StatefulSet, ordinal: int) -> str:
    return f"{owner.metadata.name}-{ordinal}"


def ordinal(owner: StatefulSet, pod: Pod) -> int | None:
    """None for a pod that does not bear our name."""
    found = _NAME.match(pod.metadata.name)
    if not found or found["set"] != owner.metadata.name:
        return None
    return int(found["ordinal"])


def by_ordinal(owner: StatefulSet, pods: Iterable[Pod]) -> dict[int, Pod]:
    return {number: pod for pod in pods if (number := ordinal(owner, pod)) is not None}


def revision(pod: Pod) -> str:
    return pod.metadata.labels.get(REVISION_LABEL, "")


def leaving(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is not None


def healthy(pod: Pod) -> bool:
    """It runs, is ready and stays."""
    return pod.status.phase == "Running" and pod.ready and not leaving(pod)


def available_in_s(pod: Pod, min_ready_s: int, now: datetime) -> float | None:
    """0 once it counts as available, else how long it still takes; None while it is not healthy."""
    if not healthy(pod):
        return None
    ready = pod.condition("Ready")
    since = ready.last_transition_time if ready else None
    if not since or not min_ready_s:
        return 0.0
    left = parse_rfc3339(since) + timedelta(seconds=min_ready_s) - now
    return max(left.total_seconds(), 0.0)


def pod(owner: StatefulSet, number: int, made_of: ControllerRevision) -> Object:
    """The pod of an ordinal, of the template of a revision."""
    template = dig(made_of.data, "spec", "template", default={})
    meta, spec = dig(template, "metadata", default={}), dig(template, "spec", default={})
    assert isinstance(meta, dict) and isinstance(spec, dict)
    labels = dig(meta, "labels", default={})
    assert isinstance(labels, dict)
    own = name(owner, number)
    return {
        "metadata": {
            **{key: meta[key] for key in ("annotations", "finalizers") if meta.get(key)},
            "name": own,
            "namespace": owner.metadata.namespace,
            "labels": {
                **labels, NAME_LABEL: own, INDEX_LABEL: str(number),
                REVISION_LABEL: made_of.metadata.name,
            },
            "ownerReferences": [reference(STATEFUL_SET, owner.metadata)],
        },
        "spec": {**spec, "hostname": own, "subdomain": owner.spec.service_name},
    }  # fmt: skip
