"""A terminating Namespace is emptied, then let go. Pure.

Never: a Namespace that nobody deleted.
"""

from telltale.cluster.controllers.action import Action, Again, Empty
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.view import Keys, View, hears, ref
from telltale.kube.cluster import Namespace
from telltale.kube.kinds import EVENT, NAMESPACE, Kind
from telltale.kube.meta import Ref

_RECHECK_S = 0.5  # what is left (pods in their grace period) goes without telling us


def reconcile(view: View, key: Ref) -> list[Action]:
    namespace = view.namespaces.get(key.name)
    if namespace is None or namespace.metadata.deletion_timestamp is None:
        return []
    if "kubernetes" not in namespace.spec.finalizers:
        return []  # let go already; what still holds it is somebody else's finalizer
    return [Empty(key.name, _kinds(view)), Again(_RECHECK_S)]


def _kinds(view: View) -> tuple[Kind[object], ...]:
    """Workloads before pods, so that nothing grows back; events last, as deleting makes some."""
    order = {"Deployment": 0, "StatefulSet": 0, "ReplicaSet": 1, "Pod": 2}
    found: list[Kind[object]] = [
        shelf.kind for shelf in view.shelves().values() if shelf.kind.namespaced
    ]
    found.sort(key=lambda kind: order.get(kind.kind, 3))
    return (*found, EVENT)


def _of_namespace(_: View, namespace: Namespace) -> Keys:
    yield ref(NAMESPACE, namespace.metadata)


CONTROLLER = Controller(
    "namespace", reconcile, (hears(lambda view: view.namespaces, _of_namespace),)
)
