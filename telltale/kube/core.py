"""Pods and what they are made of (core/v1), as the API spells them. Never: behaviour."""

from telltale.kube.codec import Json, Typed
from telltale.kube.meta import Condition, IntOrString, Meta, Quantity

CALLS = "telltale.dev/calls"  # what a pod calls, in names with commas between


class KeySelector(Typed):
    name: str = ""
    key: str = ""
    optional: bool = False


class FieldSelector(Typed):
    api_version: str = "v1"
    field_path: str = ""


class ResourceFieldSelector(Typed):
    container_name: str = ""
    resource: str = ""
    divisor: Quantity = 0


class EnvSource(Typed):
    field_ref: FieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None


class EnvVar(Typed):
    name: str = ""
    value: str = ""
    value_from: EnvSource | None = None


class NameRef(Typed):
    name: str = ""
    optional: bool = False


class EnvFrom(Typed):
    prefix: str = ""
    config_map_ref: NameRef | None = None
    secret_ref: NameRef | None = None


class ContainerPort(Typed):
    name: str = ""
    container_port: int = 0
    host_port: int = 0
    protocol: str = "TCP"


class HttpHeader(Typed):
    name: str = ""
    value: str = ""


class HttpGet(Typed):
    path: str = "/"
    port: IntOrString = 0
    host: str = ""
    scheme: str = "HTTP"
    http_headers: list[HttpHeader] = []


class TcpSocket(Typed):
    port: IntOrString = 0
    host: str = ""


class ExecAction(Typed):
    command: list[str] = []


class GrpcAction(Typed):
    port: int = 0
    service: str = ""


class Probe(Typed):
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    exec: ExecAction | None = None
    grpc: GrpcAction | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class Sleep(Typed):
    seconds: int = 0


class Handler(Typed):
    exec: ExecAction | None = None
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    sleep: Sleep | None = None


class Lifecycle(Typed):
    post_start: Handler | None = None
    pre_stop: Handler | None = None


class Capabilities(Typed):
    add: list[str] = []
    drop: list[str] = []


class SecurityContext(Typed):
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    privileged: bool = False
    read_only_root_filesystem: bool = False
    allow_privilege_escalation: bool | None = None
    capabilities: Capabilities | None = None


class PodSecurityContext(Typed):
    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    fs_group: int | None = None
    supplemental_groups: list[int] = []
    sysctls: list[Json] = []


class VolumeMount(Typed):
    name: str = ""
    mount_path: str = ""
    sub_path: str = ""
    read_only: bool = False


class Resources(Typed):
    limits: dict[str, Quantity] = {}
    requests: dict[str, Quantity] = {}


class Container(Typed):
    name: str = ""
    image: str = ""
    image_pull_policy: str = ""
    command: list[str] = []
    args: list[str] = []
    working_dir: str = ""
    env: list[EnvVar] = []
    env_from: list[EnvFrom] = []
    ports: list[ContainerPort] = []
    volume_mounts: list[VolumeMount] = []
    resources: Resources = Resources()
    security_context: SecurityContext = SecurityContext()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    startup_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    restart_policy: str | None = None
    stdin: bool = False
    tty: bool = False
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"


class KeyToPath(Typed):
    key: str = ""
    path: str = ""
    mode: int | None = None


class EmptyDir(Typed):
    medium: str = ""
    size_limit: Quantity | None = None


class HostPath(Typed):
    path: str = ""
    type: str = ""


class ConfigMapSource(Typed):
    name: str = ""
    items: list[KeyToPath] = []
    optional: bool = False
    default_mode: int = 0o644


class SecretSource(Typed):
    secret_name: str = ""
    name: str = ""  # a projected secret says `name`, a volume `secretName`
    items: list[KeyToPath] = []
    optional: bool = False
    default_mode: int = 0o644


class DownwardItem(Typed):
    path: str = ""
    field_ref: FieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    mode: int | None = None


class DownwardSource(Typed):
    items: list[DownwardItem] = []
    default_mode: int = 0o644


class TokenSource(Typed):
    path: str = ""
    audience: str = ""
    expiration_seconds: int = 3600


class ProjectedItem(Typed):
    config_map: ConfigMapSource | None = None
    secret: SecretSource | None = None
    downward_api: DownwardSource | None = None
    service_account_token: TokenSource | None = None


class ProjectedSource(Typed):
    sources: list[ProjectedItem] = []
    default_mode: int = 0o644


class Volume(Typed):
    name: str = ""
    empty_dir: EmptyDir | None = None
    host_path: HostPath | None = None
    config_map: ConfigMapSource | None = None
    secret: SecretSource | None = None
    projected: ProjectedSource | None = None
    downward_api: DownwardSource | None = None
    persistent_volume_claim: Json = None


class DnsConfig(Typed):
    nameservers: list[str] = []
    searches: list[str] = []
    options: list[dict[str, str]] = []


class HostAlias(Typed):
    ip: str = ""
    hostnames: list[str] = []


class ReadinessGate(Typed):
    condition_type: str = ""


class PodSpec(Typed):
    containers: list[Container] = []
    init_containers: list[Container] = []
    volumes: list[Volume] = []
    restart_policy: str = "Always"
    termination_grace_period_seconds: int = 30
    active_deadline_seconds: int | None = None
    dns_policy: str = "ClusterFirst"
    dns_config: DnsConfig | None = None
    node_selector: dict[str, str] = {}
    node_name: str = ""
    service_account_name: str = ""
    automount_service_account_token: bool | None = None
    host_network: bool = False
    enable_service_links: bool | None = None
    hostname: str = ""
    subdomain: str = ""
    host_aliases: list[HostAlias] = []
    security_context: PodSecurityContext = PodSecurityContext()
    readiness_gates: list[ReadinessGate] = []


class Waiting(Typed):
    reason: str = ""
    message: str = ""


class Running(Typed):
    started_at: str | None = None


class Terminated(Typed):
    exit_code: int = 0
    signal: int | None = None
    reason: str = ""
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None
    container_id: str = ""


class ContainerState(Typed):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Typed):
    name: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    image_id: str = ""
    container_id: str = ""
    started: bool | None = None


class PodIp(Typed):
    ip: str = ""


class PodStatus(Typed):
    phase: str = ""
    conditions: list[Condition] = []
    message: str = ""
    reason: str = ""
    host_ip: str = ""
    pod_ip: str = ""
    pod_ips: list[PodIp] = []
    start_time: str | None = None
    qos_class: str = ""
    init_container_statuses: list[ContainerStatus] = []
    container_statuses: list[ContainerStatus] = []


class Pod(Typed):
    metadata: Meta = Meta()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    def condition(self, type: str) -> Condition | None:
        return next((one for one in self.status.conditions if one.type == type), None)

    @property
    def ended(self) -> bool:
        """All its containers are done, for good."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def readiness(self) -> str:
        """READY as kubectl prints it: `1/2`."""
        statuses = self.status.container_statuses
        total = len(self.spec.containers) or len(statuses)
        return f"{sum(one.ready for one in statuses)}/{total}"

    @property
    def ready(self) -> bool:
        found = self.condition("Ready")
        return found is not None and found.status == "True"
