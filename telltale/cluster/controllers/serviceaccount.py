"""What every Namespace holds from the first: ServiceAccount `default`, the cluster's CA. Pure.

Never: tokens; the API server makes those on request.
"""

from telltale.cluster.controllers.action import Action, Create, Patch
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.view import Keys, View, hears, ref
from telltale.kube.cluster import ConfigMap, Namespace, ServiceAccount
from telltale.kube.kinds import CONFIG_MAP, NAMESPACE, SERVICE_ACCOUNT
from telltale.kube.meta import Ref

ROOT_CA = "kube-root-ca.crt"


def controller(root_ca: str) -> Controller:
    """`root_ca` is the PEM text that pods verify the API server with."""

    def reconcile(view: View, key: Ref) -> list[Action]:
        namespace = view.namespaces.get(key.name)
        if namespace is None or namespace.metadata.deletion_timestamp is not None:
            return []
        actions: list[Action] = []
        if view.accounts.get("default", key.name) is None:
            meta = {"name": "default", "namespace": key.name}
            actions.append(Create(SERVICE_ACCOUNT, {"metadata": {**meta}}))
        return actions + _ca(view, key.name, root_ca)

    return Controller(
        "serviceaccount",
        reconcile,
        (
            hears(lambda view: view.namespaces, _of_namespace),
            hears(lambda view: view.accounts, _of_account),
            hears(lambda view: view.config_maps, _of_config_map),
        ),
    )


def _ca(view: View, namespace: str, root_ca: str) -> list[Action]:
    found = view.config_maps.get(ROOT_CA, namespace)
    if found is None:
        meta = {"name": ROOT_CA, "namespace": namespace}
        return [Create(CONFIG_MAP, {"metadata": {**meta}, "data": {"ca.crt": root_ca}})]
    if found.data.get("ca.crt") != root_ca:
        return [Patch(CONFIG_MAP, ROOT_CA, {"data": {"ca.crt": root_ca}}, namespace)]
    return []


def _of_namespace(_: View, namespace: Namespace) -> Keys:
    yield ref(NAMESPACE, namespace.metadata)


def _of_account(_: View, account: ServiceAccount) -> Keys:
    if account.metadata.name == "default":
        yield Ref("Namespace", "", account.metadata.namespace)


def _of_config_map(_: View, config_map: ConfigMap) -> Keys:
    if config_map.metadata.name == ROOT_CA:
        yield Ref("Namespace", "", config_map.metadata.namespace)
