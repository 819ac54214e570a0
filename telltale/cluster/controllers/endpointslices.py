"""A Service's EndpointSlices: an endpoint stays in its slice, so one change is one write. Pure.

Never: slices that somebody else says he looks after (label endpointslice.kubernetes.io/managed-by).
A Service without a selector mirrors the Endpoints object that its user wrote.
"""

from telltale.cluster.controllers.action import Action, Create, Delete, Patch
from telltale.cluster.controllers.backing import (
    Backend,
    Backing,
    Port,
    behind,
    of_endpoints,
    of_pod,
    of_service,
    written_by_hand,
)  # fmt: skip
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.owned import reference
from telltale.cluster.controllers.view import Keys, View, hears
from telltale.kube.codec import Json, Object, convert
from telltale.kube.kinds import ENDPOINT_SLICE, SERVICE
from telltale.kube.meta import Ref
from telltale.kube.service import EndpointSlice, Service, SliceEndpoint

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
OURS = "endpointslice-controller.k8s.io"
MIRRORED = "endpointslicemirroring-controller.k8s.io"
_HEADLESS = "service.kubernetes.io/headless"
_SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
_FULL = 100  # Kubernetes' --max-endpoints-per-slice


def reconcile(view: View, key: Ref) -> list[Action]:
    service = view.services.get(key.name, key.namespace)
    if service is None or service.metadata.deletion_timestamp:
        return []  # its slices are owned by it and go with it
    by, backing = _backing(view, service)
    existing = [
        one for one in view.slices.within(key.namespace)
        if one.service == key.name and one.metadata.deletion_timestamp is None
        and one.metadata.labels.get(MANAGED_BY) in (OURS, MIRRORED)
    ]  # fmt: skip
    actions = [_delete(one) for one in existing if one.metadata.labels[MANAGED_BY] != by]
    mine = [one for one in existing if one.metadata.labels[MANAGED_BY] == by]
    mine.sort(key=lambda one: one.metadata.name)
    return [*_written(service, by, backing, mine), *actions]


def _backing(view: View, service: Service) -> tuple[str, Backing]:
    """Who looks after the slices, and what must stand in them."""
    if service.spec.type == "ExternalName":
        return "", {}
    if service.spec.selector:
        return OURS, behind(view, service) or {(): []}  # an empty slice says: none
    endpoints = view.endpoints.get(service.metadata.name, service.metadata.namespace)
    if endpoints is None or endpoints.metadata.labels.get(_SKIP_MIRROR) == "true":
        return "", {}
    return MIRRORED, written_by_hand(endpoints)


def _written(
    service: Service, by: str, backing: Backing, existing: list[EndpointSlice]
) -> list[Action]:
    labels = {**service.metadata.labels, SERVICE_NAME: service.metadata.name, MANAGED_BY: by}
    if service.headless:
        labels[_HEADLESS] = ""
    writes: list[Action] = []
    kept: set[str] = set()
    for ports, backends in sorted(backing.items(), key=lambda item: item[0]):
        slices = [one for one in existing if _ports(one) == ports]
        if not slices and len(backing) == 1:  # ports changed: the slice is rewritten, not replaced
            slices = existing[:1]
        kept.update(one.metadata.name for one in slices)
        for slice, group in _placed(backends, slices):
            writes += _write(service, labels, slice, (ports, group))
    surplus = [_delete(one) for one in existing if one.metadata.name not in kept]
    return writes + surplus


def _placed(
    backends: list[Backend], slices: list[EndpointSlice]
) -> list[tuple[EndpointSlice | None, list[Backend]]]:
    """Each backend in its slice; new ones where there is room; a new slice for the rest."""
    left = {one.address: one for one in backends}
    placed: list[tuple[EndpointSlice | None, list[Backend]]] = []
    for slice in slices:
        addresses = [address for one in slice.endpoints for address in one.addresses]
        stays = [left.pop(address) for address in addresses if address in left]
        placed.append((slice, stays))
    for _, group in placed:
        for address in list(left)[: max(_FULL - len(group), 0)]:
            group.append(left.pop(address))
    rest = list(left.values())
    placed += [(None, rest[start : start + _FULL]) for start in range(0, len(rest), _FULL)]
    return placed or [(None, [])]


def _write(
    service: Service, labels: dict[str, str], slice: EndpointSlice | None,
    content: tuple[tuple[Port, ...], list[Backend]],
) -> list[Action]:  # fmt: skip
    ports, group = content
    if slice is None:
        return [Create(ENDPOINT_SLICE, _object(service, labels, ports, group))]
    endpoints = [_endpoint(one) for one in group]
    same = slice.endpoints == convert(list[SliceEndpoint], endpoints) and _ports(slice) == ports
    if same and slice.metadata.labels == labels:
        return []
    gone: Object = {name: None for name in slice.metadata.labels if name not in labels}
    patch: Object = {
        "metadata": {"labels": {**gone, **labels}},
        "endpoints": endpoints,
        "ports": [one.to_json() for one in ports],
    }
    return [Patch(ENDPOINT_SLICE, slice.metadata.name, patch, slice.metadata.namespace)]


def _object(
    service: Service, labels: dict[str, str], ports: tuple[Port, ...], group: list[Backend]
) -> Object:
    return {
        "metadata": {
            "generateName": f"{service.metadata.name}-",
            "namespace": service.metadata.namespace,
            "labels": {**labels},
            "ownerReferences": [reference(SERVICE, service.metadata)],
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(one) for one in group],
        "ports": [one.to_json() for one in ports],
    }


def _endpoint(one: Backend) -> Json:
    conditions: Object = {"ready": one.ready, "serving": one.ready, "terminating": False}
    return {"addresses": [one.address], "conditions": conditions, **one.place()}


def _ports(slice: EndpointSlice) -> tuple[Port, ...]:
    return tuple(Port(one.name, one.port, one.protocol, one.app_protocol) for one in slice.ports)


def _delete(one: EndpointSlice) -> Action:
    meta = one.metadata
    return Delete(ENDPOINT_SLICE, meta.name, meta.namespace, meta.uid)


def _of_slice(_: View, slice: EndpointSlice) -> Keys:
    if slice.service:
        yield Ref("Service", slice.metadata.namespace, slice.service)


CONTROLLER = Controller(
    "endpointslices",
    reconcile,
    (
        hears(lambda view: view.services, of_service),
        hears(lambda view: view.pods, of_pod),
        hears(lambda view: view.endpoints, of_endpoints),
        hears(lambda view: view.slices, _of_slice),
    ),
)
