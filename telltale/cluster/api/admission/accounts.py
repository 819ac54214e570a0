"""Every pod runs as a service account, and has that account's token mounted.

Runs again after webhooks, so that containers which they add have the token too.
Never: making accounts (a controller does) or tokens (the node asks for them).
"""

from telltale.cluster.api.core import Review
from telltale.cluster.api.objects import listed, meta, name_of, namespace_of, part, section, text
from telltale.cluster.api.problems import denied
from telltale.cluster.store.revisions import Store
from telltale.cluster.store.stored import Key
from telltale.kube.codec import Json, Object
from telltale.lib.clock import Ids

MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_S = 3607
_PREFIX = "kube-api-access-"
CA_CONFIG_MAP = "kube-root-ca.crt"


class ServiceAccounts:
    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._ids = ids

    async def admit(self, review: Review) -> Object:
        if review.resource.qualified == "pods" and review.operation == "CREATE":
            self._admit_pod(review)
        return review.object

    def _admit_pod(self, review: Review) -> None:
        pod = review.object
        if "kubernetes.io/config.mirror" in part(meta(pod), "annotations"):
            return
        spec = section(pod, "spec")
        name = text(spec, "serviceAccountName") or "default"
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        account = self._store.get(Key("serviceaccounts", namespace_of(pod), name))
        if account is None:
            why = (
                f"error looking up service account {namespace_of(pod)}/{name}:"
                f' serviceaccount "{name}" not found'
            )
            raise denied(review.resource, name_of(pod), why)
        if _wants_token(spec, account.object()):
            known = [text(one, "name") for one in listed(spec, "volumes")]
            mine = [one for one in known if one.startswith(_PREFIX)]
            _mount(spec, mine[0] if mine else f"{_PREFIX}{self._ids.suffix()}")


def _wants_token(spec: Object, account: Object) -> bool:
    for one in (spec, account):
        wish = one.get("automountServiceAccountToken")
        if isinstance(wish, bool):
            return wish
    return True


def _mount(spec: Object, name: str) -> None:
    """The volume, and a mount of it in each container that has nothing there yet."""
    used = False
    for container in listed(spec, "initContainers") + listed(spec, "containers"):
        mounts = listed(container, "volumeMounts")
        if all(text(one, "mountPath") != MOUNT for one in mounts):
            mounts.append({"name": name, "readOnly": True, "mountPath": MOUNT})
            container["volumeMounts"] = list(mounts)
            used = True
    if used and all(text(one, "name") != name for one in listed(spec, "volumes")):
        volumes: list[Json] = [*listed(spec, "volumes"), _volume(name)]
        spec["volumes"] = volumes


def _volume(name: str) -> Object:
    namespace: Object = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    sources: list[Json] = [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_S, "path": "token"}},
        {"configMap": {"name": CA_CONFIG_MAP, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"sources": sources}}
