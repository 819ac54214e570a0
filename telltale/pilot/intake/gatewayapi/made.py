"""The objects that are made for a Gateway: ServiceAccount, Deployment, Service and more. Pure.

They are the Gateway's own (owner references): with it they go. Its pods are gateways by the
injection template `kube-gateway`, which gives them their container. Never: a Gateway that names a
Service itself.
"""

from collections.abc import Iterable, Iterator

from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi.kinds import GATEWAY, GATEWAY_CLASS
from telltale.kube.gatewayapi.message import GROUP
from telltale.pilot.intake.gatewayapi import addresses, overlays
from telltale.pilot.intake.gatewayapi.classes import OURS
from telltale.pilot.intake.gatewayapi.gateways import SUFFIX, Edge
from telltale.pilot.intake.status import CONTROLLER

SERVICE_TYPE = "networking.istio.io/service-type"
TEMPLATES = "inject.istio.io/templates"
GATEWAY_NAME, CLASS_NAME = f"{GROUP}/gateway-name", f"{GROUP}/gateway-class-name"
STATUS_PORT = 15021
_HAND_DOWN = ("kubectl.kubernetes.io/", f"{GROUP}/")  # notes for the Gateway alone


def gateway_class() -> Object:
    """The class that stands for us."""
    return {
        "apiVersion": GATEWAY_CLASS.api_version, "kind": GATEWAY_CLASS.kind,
        "metadata": {"name": OURS},
        "spec": {
            "controllerName": CONTROLLER, "description": "Served by Telltale's proxies",
        },
    }  # fmt: skip


def objects(edges: Iterable[Edge]) -> tuple[Object, ...]:
    """Of all Gateways that are accepted and name no Service themselves, and the class itself."""
    found = [gateway_class()]
    for edge in edges:
        if not addresses.named(edge.spec) and not edge.refused:
            own = [_account(edge), _deployment(edge), _service(edge), *_more(edge)]
            found += [overlays.laid(edge.overlays, one) for one in own]
    return tuple(found)


def _more(edge: Edge) -> Iterator[Object]:
    """What is there only where somebody asks for it."""
    target: Object = {"apiVersion": "apps/v1", "kind": "Deployment", "name": _name(edge)}
    chosen: Object = {"selector": {"matchLabels": _chosen(edge)}}
    scaled: Object = {"scaleTargetRef": target}
    for kind, version, spec in (
        ("HorizontalPodAutoscaler", "autoscaling/v2", scaled),
        ("PodDisruptionBudget", "policy/v1", chosen),
    ):
        if kind in edge.overlays:
            yield {"apiVersion": version, "kind": kind, "metadata": _metadata(edge), "spec": spec}


def _account(edge: Edge) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(edge)}


def _deployment(edge: Edge) -> Object:
    proxy: Object = {
        "name": "istio-proxy", "image": "auto",
        "ports": [{"name": "status-port", "containerPort": STATUS_PORT, "protocol": "TCP"}],
    }  # fmt: skip
    labels: Object = {
        **_labels(edge), **_chosen(edge), "sidecar.istio.io/inject": "true",
        "service.istio.io/canonical-name": _name(edge),
        "service.istio.io/canonical-revision": "latest",
    }  # fmt: skip
    annotations: Object = {**_annotations(edge), TEMPLATES: "kube-gateway"}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(edge),
        "spec": {
            "selector": {"matchLabels": _chosen(edge)},
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": {"serviceAccountName": _name(edge), "containers": [proxy]},
            },
        },
    }  # fmt: skip


def _service(edge: Edge) -> Object:
    ports: list[Json] = [
        {"name": "status-port", "port": STATUS_PORT, "targetPort": STATUS_PORT, "protocol": "TCP"}
    ]
    spoken: dict[int, str] = {}
    for one, _ in edge.everything:
        spoken.setdefault(one.listener.port, one.listener.protocol.lower())
    ports += [
        {"name": f"{protocol}-{port}", "port": port, "targetPort": port, "protocol": "TCP"}
        for port, protocol in spoken.items()
        if port != STATUS_PORT and protocol in ("http", "https", "tls", "tcp")
    ]
    kind = edge.annotations.get(SERVICE_TYPE, "LoadBalancer")
    spec: Object = {"type": kind, "selector": _chosen(edge), "ports": ports}
    if wanted := addresses.asked(edge.spec):
        spec["clusterIP" if kind == "ClusterIP" else "loadBalancerIP"] = wanted[0]
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(edge), "spec": spec}


def _name(edge: Edge) -> str:
    return f"{edge.subject.origin.name}{SUFFIX}"


def _chosen(edge: Edge) -> Object:
    """By what the Deployment and the Service know the pods."""
    return {GATEWAY_NAME: edge.subject.origin.name}


def _labels(edge: Edge) -> Object:
    wanted = edge.spec.infrastructure.labels if edge.spec.infrastructure else {}
    return {**wanted, CLASS_NAME: edge.spec.gateway_class_name}


def _annotations(edge: Edge) -> Object:
    """Those that the infrastructure asks for, else the Gateway's own but for notes to tools."""
    if edge.spec.infrastructure:
        return {**edge.spec.infrastructure.annotations}
    return {
        key: value for key, value in edge.annotations.items() if not key.startswith(_HAND_DOWN)
    }  # fmt: skip


def _metadata(edge: Edge) -> Object:
    owner: Object = {
        "apiVersion": GATEWAY.api_version, "kind": GATEWAY.kind, "uid": edge.uid,
        "name": edge.subject.origin.name, "controller": True, "blockOwnerDeletion": False,
    }  # fmt: skip
    return {
        "name": _name(edge), "namespace": edge.subject.namespace,
        "labels": {**_labels(edge), **_chosen(edge)}, "annotations": _annotations(edge),
        "ownerReferences": [owner],
    }  # fmt: skip
