"""Services and the addresses behind them (core/v1, discovery/v1). Never: behaviour."""

from telltale.kube.codec import Typed
from telltale.kube.meta import IntOrString, Meta

TRAFFIC_DISTRIBUTION = "networking.istio.io/traffic-distribution"  # an annotation, as the field
EXPORT_TO = "networking.istio.io/exportTo"  # an annotation: the namespaces that see a Service


class ServicePort(Typed):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: IntOrString = 0
    node_port: int = 0
    app_protocol: str = ""


class ServiceSpec(Typed):
    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    ports: list[ServicePort] = []
    cluster_ip: str = ""
    cluster_ips: list[str] = []
    external_name: str = ""
    external_ips: list[str] = []
    session_affinity: str = "None"
    publish_not_ready_addresses: bool = False
    internal_traffic_policy: str = "Cluster"
    traffic_distribution: str = ""
    load_balancer_class: str = ""


class Ingress(Typed):
    """Where a LoadBalancer is reached from outside."""

    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Typed):
    ingress: list[Ingress] = []


class ServiceStatus(Typed):
    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Typed):
    metadata: Meta = Meta()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def headless(self) -> bool:
        return self.spec.cluster_ip == "None"


class TargetRef(Typed):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EndpointConditions(Typed):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class SliceEndpoint(Typed):
    addresses: list[str] = []
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None
    hostname: str = ""
    node_name: str = ""
    zone: str = ""

    @property
    def ready(self) -> bool:
        return self.conditions.ready is not False  # unset means ready (discovery/v1)


class SlicePort(Typed):
    name: str = ""
    port: int = 0
    protocol: str = "TCP"
    app_protocol: str = ""


class EndpointSlice(Typed):
    metadata: Meta = Meta()
    address_type: str = "IPv4"
    endpoints: list[SliceEndpoint] = []
    ports: list[SlicePort] = []

    @property
    def service(self) -> str:
        """The name of the Service that it belongs to."""
        return self.metadata.labels.get("kubernetes.io/service-name", "")


class Address(Typed):
    ip: str = ""
    hostname: str = ""
    node_name: str = ""
    target_ref: TargetRef | None = None


class Subset(Typed):
    addresses: list[Address] = []
    not_ready_addresses: list[Address] = []
    ports: list[SlicePort] = []


class Endpoints(Typed):
    metadata: Meta = Meta()
    subsets: list[Subset] = []
