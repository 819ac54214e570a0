"""Nothing is made in a namespace that is not there, or that is going; some never go."""

from telltale.cluster.api.core import Review
from telltale.cluster.api.objects import name_of, namespace_of, text
from telltale.cluster.api.problems import absent, denied
from telltale.cluster.api.resources import Registry
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key
from telltale.kube.codec import Object

IMMORTAL = ("default", "kube-system", "kube-public", "kube-node-lease")


class Namespaces:
    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry

    async def admit(self, review: Review) -> Object:
        resource, object = review.resource, review.object
        if review.operation == "DELETE":
            if resource.qualified == "namespaces" and name_of(object) in IMMORTAL:
                raise denied(resource, name_of(object), "this namespace may not be deleted")
        elif review.operation == "CREATE" and resource.namespaced:
            self._expect_alive(review, namespace_of(object))
        return object

    def _expect_alive(self, review: Review, namespace: str) -> None:
        found = self._store.get(Key("namespaces", "", namespace))
        if found is None:
            resource = self._registry.find("", "v1", "namespaces")
            assert resource, "namespaces are built in"
            raise absent(resource, namespace)
        if text(found.object(), "metadata", "deletionTimestamp"):
            cause: Object = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            why = (
                f"unable to create new content in namespace {namespace} because it is being"
                " terminated"
            )
            raise denied(review.resource, name_of(review.object), why, cause)
