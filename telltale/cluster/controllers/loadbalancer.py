"""What is told of where a LoadBalancer is reached: on loopback, where the node hears it. Pure.

What somebody else has told stays, and so does a Service of somebody else's `loadBalancerClass`.
Never: listening there (`cluster/services`).
"""

from telltale.cluster.controllers.action import Action, Patch
from telltale.cluster.controllers.controller import Controller
from telltale.cluster.controllers.view import Keys, View, hears, ref
from telltale.kube.codec import Json, Object
from telltale.kube.kinds import SERVICE
from telltale.kube.meta import Ref
from telltale.kube.service import Service

ADDRESS = "127.0.0.1"


def reconcile(view: View, key: Ref) -> list[Action]:
    service = view.services.get(key.name, key.namespace)
    if service is None or service.metadata.deletion_timestamp:
        return []
    told = service.status.load_balancer.ingress
    if service.spec.type != "LoadBalancer":
        return [_patch(key, None)] if told else []  # it was one
    if told or service.spec.load_balancer_class or not _heard(service):
        return []
    return [_patch(key, [{"ip": ADDRESS, "ipMode": "Proxy"}])]


def _heard(service: Service) -> bool:
    return any(port.protocol == "TCP" for port in service.spec.ports)


def _patch(key: Ref, ingress: Json) -> Patch:
    status: Object = {"status": {"loadBalancer": {"ingress": ingress}}}
    return Patch(SERVICE, key.name, status, key.namespace, subresource="status")


def _of_service(_: View, service: Service) -> Keys:
    yield ref(SERVICE, service.metadata)


CONTROLLER = Controller(
    "loadbalancer", reconcile, (hears(lambda view: view.services, _of_service),)
)
