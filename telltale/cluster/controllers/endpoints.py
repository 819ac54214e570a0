"""A Service's Endpoints object, for those who still read the older form. Pure.

Never: an Endpoints object of a Service without a selector; that one is the user's.
"""

from telltale.cluster.controllers.action import Action, Create, Patch
from telltale.cluster.controllers.backing import (
    Backing,
    behind,
    of_endpoints,
    of_pod,
    of_service,
)  # fmt: skip
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.owned import reference
from telltale.cluster.controllers.view import View, hears
from telltale.kube.codec import Json, Object, convert
from telltale.kube.kinds import ENDPOINTS, SERVICE
from telltale.kube.meta import Ref
from telltale.kube.service import Service, Subset

_HEADLESS = "service.kubernetes.io/headless"


def reconcile(view: View, key: Ref) -> list[Action]:
    service = view.services.get(key.name, key.namespace)
    if service is None or not service.spec.selector or service.metadata.deletion_timestamp:
        return []  # a deleted Service takes its Endpoints along: they are owned by it
    if service.spec.type == "ExternalName":
        return []
    wanted = _subsets(behind(view, service))
    labels = dict(service.metadata.labels) | ({_HEADLESS: ""} if service.headless else {})
    existing = view.endpoints.get(key.name, key.namespace)
    if existing is None:
        return [Create(ENDPOINTS, _object(service, labels, wanted))]
    same = existing.subsets == convert(list[Subset], wanted)
    if same and existing.metadata.labels == labels:
        return []
    gone: Object = {name: None for name in existing.metadata.labels if name not in labels}
    patch: Object = {"metadata": {"labels": {**gone, **labels}}, "subsets": wanted}
    return [Patch(ENDPOINTS, key.name, patch, key.namespace)]


def _object(service: Service, labels: dict[str, str], subsets: list[Json]) -> Object:
    meta = service.metadata
    return {
        "metadata": {
            "name": meta.name,
            "namespace": meta.namespace,
            "labels": {**labels},
            "ownerReferences": [reference(SERVICE, meta)],
        },
        "subsets": subsets,
    }


def _subsets(backing: Backing) -> list[Json]:
    subsets: list[Json] = []
    for ports in sorted(backing):
        subset: Object = {}
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            addresses = [one for one in backing[ports] if one.ready is ready]
            if addresses:
                subset[field] = [{"ip": one.address, **one.place()} for one in addresses]
        subset["ports"] = [port.to_json() for port in ports]
        subsets.append(subset)
    return subsets


CONTROLLER = Controller(
    "endpoints",
    reconcile,
    (
        hears(lambda view: view.services, of_service),
        hears(lambda view: view.pods, of_pod),
        hears(lambda view: view.endpoints, of_endpoints),
    ),
)
