"""Istio's kinds as the API serves them, and the type of each one's spec. Never: a spec read.

A kind is stored in its first version and served in all of them, with the same schema (istio.io/api,
`+kubebuilder:storageversion`).
"""

from dataclasses import dataclass

from telltale.kube.codec import Object
from telltale.kube.istio.destinationrule import DestinationRule
from telltale.kube.istio.message import Config, Message
from telltale.kube.istio.virtualservice import VirtualService
from telltale.kube.kinds import Kind

NETWORKING = "networking.istio.io"
ROOT_NAMESPACE = "istio-system"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a CustomResourceDefinition says of a kind."""

    kind: Kind[Config]
    spec: type[Message]
    short: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # further versions that are served
    columns: tuple[Object, ...] = ()  # what `kubectl get` shows besides name and age


def _networking(kind: str, plural: str, version: str = "v1") -> Kind[Config]:
    return Kind(NETWORKING, version, kind, plural, Config)


VIRTUAL_SERVICE = _networking("VirtualService", "virtualservices")
DESTINATION_RULE = _networking("DestinationRule", "destinationrules")

def _column(name: str, path: str, text: str) -> Object:
    return {"name": name, "type": "string", "jsonPath": path, "description": text}


_OLDER = ("v1beta1", "v1alpha3")
DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        VIRTUAL_SERVICE, VirtualService, ("vs",), _OLDER,
        (_column("Gateways", ".spec.gateways", "The gateways and sidecars that it holds for"),
         _column("Hosts", ".spec.hosts", "The hosts that it routes")),
    ),
    Definition(
        DESTINATION_RULE, DestinationRule, ("dr",), _OLDER,
        (_column("Host", ".spec.host", "The service that it holds for"),),
    ),
)
