"""The columns of Deployments, ReplicaSets and StatefulSets. Pure."""

from telltale.cluster.api.objects import listed, number, part, text
from telltale.cluster.api.tables.column import AGE, NAME, Column, said
from telltale.cluster.api.tables.services import pairs
from telltale.kube.codec import Json, Object, dig


def _ready(found: Object) -> Json:
    return f"{number(found, 'status', 'readyReplicas')}/{number(found, 'spec', 'replicas')}"


def counted(name: str, *path: str) -> Column:
    """A column that shows a number."""

    def words(object: Object) -> Json:
        return number(object, *path)

    return said(name, words, type="integer")


def _containers(found: Object) -> Json:
    names = [text(one, "name") for one in listed(found, "spec", "template", "spec", "containers")]
    return ",".join(names)


def _images(found: Object) -> Json:
    images = [text(one, "image") for one in listed(found, "spec", "template", "spec", "containers")]
    return ",".join(images)


def selector(found: Object) -> Json:
    """A label selector as kubectl writes it."""
    same = part(found, "spec", "selector", "matchLabels")
    said = [f"{key}={value}" for key, value in sorted(same.items())]
    for one in listed(found, "spec", "selector", "matchExpressions"):
        key, values = text(one, "key"), dig(one, "values")
        within = ",".join(map(str, values)) if isinstance(values, list) else ""
        match text(one, "operator"):
            case "Exists":
                said.append(key)
            case "DoesNotExist":
                said.append(f"!{key}")
            case operator:
                said.append(f"{key} {operator.lower()} ({within})")
    return ",".join(said) or pairs({})


_WIDE = (
    said("Containers", _containers, wide=True),
    said("Images", _images, wide=True),
    said("Selector", selector, wide=True),
)

DEPLOYMENTS: tuple[Column, ...] = (
    NAME, said("Ready", _ready), counted("Up-to-date", "status", "updatedReplicas"),
    counted("Available", "status", "availableReplicas"), AGE, *_WIDE,
)  # fmt: skip

REPLICA_SETS: tuple[Column, ...] = (
    NAME, counted("Desired", "spec", "replicas"), counted("Current", "status", "replicas"),
    counted("Ready", "status", "readyReplicas"), AGE, *_WIDE,
)  # fmt: skip

STATEFUL_SETS: tuple[Column, ...] = (NAME, said("Ready", _ready), AGE, *_WIDE[:2])


def _controller(found: Object) -> Json:
    """Whose revision it is, as `statefulset.apps/web`."""
    for one in listed(found, "metadata", "ownerReferences"):
        if one.get("controller"):
            group, slash, _ = text(one, "apiVersion").partition("/")
            kind = text(one, "kind").lower() + (f".{group}" if slash else "")
            return f"{kind}/{text(one, 'name')}"
    return "<none>"


REVISIONS: tuple[Column, ...] = (
    NAME, said("Controller", _controller), counted("Revision", "revision"), AGE,
)  # fmt: skip
