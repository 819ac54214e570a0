"""The gateways that come with the mesh: one for what comes in, one for what goes out.

Deployments whose one container, `istio-proxy`, is written by the injector (template `gateway`), as
any user's own gateway is. Pure. Never: what they listen for (a Gateway says that).
"""

from dataclasses import dataclass

from telltale.inject.decide import MESH, POD_KEY, PROXY
from telltale.inject.sidecar import TEMPLATES
from telltale.kube.codec import Json, Object

INGRESS, EGRESS = "istio-ingressgateway", "istio-egressgateway"
_PORTS = {"http2": (80, 8080), "https": (443, 8443)}  # Istio's: its Gateways name 80 and 443
_HEALTH = ("status-port", 15021)


@dataclass(frozen=True, slots=True)
class Exposed:
    """On which ports of the node the ingress gateway's ports are reached."""

    http: int = 8080
    https: int = 8443


def gateway_objects(exposed: Exposed) -> list[Object]:
    """In the order in which they must be created."""
    nodes = {"http2": exposed.http, "https": exposed.https}
    return [*_gateway(INGRESS, nodes), *_gateway(EGRESS)]


def node_ports(exposed: Exposed) -> Object:
    """What of the ingress gateway's Service the choice of ports decides, as a patch."""
    named = {"http2": exposed.http, "https": exposed.https}
    ports: list[Json] = [
        {"name": name, "port": port, "nodePort": named[name]} for name, (port, _) in _PORTS.items()
    ]
    return {"spec": {"ports": ports}}


def _gateway(name: str, nodes: dict[str, int] | None = None) -> list[Object]:
    labels: Object = {"app": name, "istio": name.removeprefix("istio-")}
    meta: Object = {"name": name, "namespace": MESH, "labels": dict(labels)}
    account: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": dict(meta)}
    return [account, _service(meta, labels, nodes), _deployment(name, meta, labels)]


def _service(meta: Object, labels: Object, nodes: dict[str, int] | None) -> Object:
    health: Object = {"name": _HEALTH[0], "port": _HEALTH[1], "protocol": "TCP"}
    ports: list[Json] = [health] if nodes is not None else []
    for name, (port, target) in _PORTS.items():
        entry: Object = {"name": name, "port": port, "targetPort": target, "protocol": "TCP"}
        ports.append({**entry, "nodePort": nodes[name]} if nodes else entry)
    kind = "LoadBalancer" if nodes else "ClusterIP"
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": dict(meta),
        "spec": {"type": kind, "selector": dict(labels), "ports": ports},
    }  # fmt: skip


def _deployment(name: str, meta: Object, labels: Object) -> Object:
    numbers = [*(target for _, target in _PORTS.values()), _HEALTH[1]]
    ports: list[Json] = [{"containerPort": number, "protocol": "TCP"} for number in numbers]
    proxy: Object = {
        "name": PROXY,
        "image": "auto",
        "ports": ports,
        # Ready at the first look: nothing starts behind it, and `up` waits for it.
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": _HEALTH[1]},
            "periodSeconds": 1,
            "initialDelaySeconds": 0,
        },
    }
    template: Object = {
        "metadata": {
            "labels": {**labels, POD_KEY: "true"},
            "annotations": {TEMPLATES: "gateway"},
        },
        "spec": {"serviceAccountName": name, "containers": [proxy]},
    }
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": dict(meta),
        "spec": {
            "replicas": 1, "selector": {"matchLabels": dict(labels)},
            "strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": "25%"}},
            "template": template,
        },
    }  # fmt: skip
