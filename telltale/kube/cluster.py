"""The rest of core/v1, and Lease: what there is beside pods and services. Never: behaviour."""

from telltale.kube.codec import Typed
from telltale.kube.meta import Condition, Meta, Quantity


class NamespaceStatus(Typed):
    phase: str = ""


class NamespaceSpec(Typed):
    finalizers: list[str] = []


class Namespace(Typed):
    metadata: Meta = Meta()
    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()


class NodeAddress(Typed):
    type: str = ""
    address: str = ""


class NodeSpec(Typed):
    pod_cidr: str = ""
    unschedulable: bool = False


class NodeStatus(Typed):
    addresses: list[NodeAddress] = []
    conditions: list[Condition] = []
    capacity: dict[str, Quantity] = {}
    allocatable: dict[str, Quantity] = {}


class Node(Typed):
    metadata: Meta = Meta()
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ConfigMap(Typed):
    metadata: Meta = Meta()
    data: dict[str, str] = {}
    binary_data: dict[str, str] = {}


class Secret(Typed):
    metadata: Meta = Meta()
    type: str = "Opaque"
    data: dict[str, str] = {}  # values are base64


class ServiceAccount(Typed):
    metadata: Meta = Meta()
    automount_service_account_token: bool | None = None


class ObjectReference(Typed):
    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""
    resource_version: str = ""


class EventSource(Typed):
    component: str = ""
    host: str = ""


class Event(Typed):
    metadata: Meta = Meta()
    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = "Normal"
    count: int = 1
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    source: EventSource = EventSource()
    reporting_component: str = ""
    reporting_instance: str = ""


class LeaseSpec(Typed):
    holder_identity: str = ""
    lease_duration_seconds: int = 0
    acquire_time: str | None = None
    renew_time: str | None = None


class Lease(Typed):
    metadata: Meta = Meta()
    spec: LeaseSpec = LeaseSpec()
