"""Objects of any kind, put into a cluster when they are not there yet.

Never: changing what is there: `kubectl apply` does that, which knows what was applied before.
"""

from telltale.kube import codec
from telltale.kube.client import Client
from telltale.kube.codec import Object, dig
from telltale.kube.errors import AlreadyExists, NotFound
from telltale.kube.kinds import BUILT_IN, Kind
from telltale.kube.meta import Anything, Ref

# What `kubectl apply` reads to know which fields were given by whoever applied before.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class UnknownKind(NotFound):
    """The cluster serves no such kind."""


async def kind_of(client: Client, object: Object) -> Kind[Anything]:
    """The kind of an object, asking the cluster for those that we have no type for."""
    api_version, name = str(object.get("apiVersion", "")), str(object.get("kind", ""))
    for known in BUILT_IN:
        if (known.api_version, known.kind) == (api_version, name):
            return known.of(Anything)
    group, _, version = api_version.rpartition("/")
    path = f"/apis/{api_version}" if group else f"/api/{api_version}"
    resources = dig(codec.parse(await client.raw("GET", path)), "resources", default=[])
    for entry in resources if isinstance(resources, list) else []:
        plural = str(dig(entry, "name", default=""))
        if dig(entry, "kind") == name and "/" not in plural:
            namespaced = dig(entry, "namespaced") is True
            return Kind(group, version, name, plural, Anything, namespaced)
    raise UnknownKind(f'no matches for kind "{name}" in version "{api_version}"')


async def ensure(client: Client, objects: list[Object], namespace: str = "default") -> list[Ref]:
    """Create each object that is absent, in order; returns those that were created."""
    created = []
    for object in objects:
        kind = await kind_of(client, object)
        meta = dig(object, "metadata", default={})
        if kind.namespaced and isinstance(meta, dict) and not meta.get("namespace"):
            object = {**object, "metadata": {**meta, "namespace": namespace}}
        try:
            made = await client.create(kind, _annotated(object))
        except AlreadyExists:
            continue
        created.append(Ref(kind.kind, made.metadata.namespace, made.metadata.name))
    return created


def _annotated(object: Object) -> Object:
    """As `kubectl apply` would have created it, so that it may go on from here."""
    meta = dig(object, "metadata", default={})
    meta = meta if isinstance(meta, dict) else {}
    annotations = dig(meta, "annotations", default={})
    kept = annotations if isinstance(annotations, dict) else {}
    applied = codec.encode({**object, "metadata": {**meta, "annotations": kept}}).decode() + "\n"
    return {**object, "metadata": {**meta, "annotations": {**kept, LAST_APPLIED: applied}}}
