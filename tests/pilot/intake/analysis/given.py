"""Objects in YAML as a check sees them."""

from telltale.inspect import objects
from telltale.kube import codec
from telltale.kube.cluster import Namespace
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.read import read

SHOP = """
kind: Service
apiVersion: v1
metadata: {name: cart, namespace: shop}
spec: {clusterIP: 172.19.0.20, selector: {app: cart}, ports: [{name: http, port: 80}]}
---
kind: Pod
apiVersion: v1
metadata: {name: cart-1, namespace: shop, labels: {app: cart, version: v1}}
spec: {containers: [{name: app, ports: [{containerPort: 80}]}, {name: istio-proxy}]}
status: {phase: Running, podIP: 172.16.3.4, podIPs: [{ip: 172.16.3.4}]}
---
"""


def seen(text: str, *, partial: bool = False) -> Seen:
    documents = codec.parse_yaml(SHOP + text)
    found = objects.of(documents)
    mesh, _ = read(found)
    namespaces = {
        one["metadata"]["name"]: codec.convert(Namespace, one)
        for one in documents if one["kind"] == "Namespace"
    }  # fmt: skip
    return Seen(found, mesh, partial, namespaces)


def told(problems) -> list[str]:
    return [f"{one.code}: {one.object} {one.field}: {one.what}" for one in problems]
