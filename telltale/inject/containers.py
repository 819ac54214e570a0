"""The containers of the mesh, `istio-init` and `istio-proxy`, and the volumes that they need. Pure.

Ports, names, paths and arguments are Istio's; the readiness probe is that of its first versions, on
the agent itself. Never: the rest of the pod.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from telltale.inject.decide import PROXY
from telltale.inject.probes import STATUS_PORT
from telltale.inject.settings import SidecarSettings
from telltale.inject.wishes import Wishes
from telltale.inject.workload import Workload
from telltale.kube import codec
from telltale.kube.codec import Json, Object, dig

INIT = "istio-init"
USER = 1337
OUTBOUND, INBOUND, HEALTH, METRICS = 15001, 15006, 15021, 15090
RESERVED = (15000, OUTBOUND, INBOUND, 15008, STATUS_PORT, HEALTH, METRICS)


class Kind(StrEnum):
    SIDECAR = "sidecar"
    ROUTER = "router"  # a gateway: the proxy is all that the pod is for


@dataclass(frozen=True, slots=True)
class Injection:
    """One pod and all that decides its sidecar."""

    pod: Object
    namespace: str
    workload: Workload
    wishes: Wishes
    settings: SidecarSettings


def init(wishes: Wishes, settings: SidecarSettings) -> Object:
    """Redirects the pod's traffic to Envoy, once, before anything of the app runs."""
    capture = wishes.capture
    excluded = ",".join([f"{METRICS},{HEALTH},{STATUS_PORT}", *capture.inbound_excluded])
    args = [
        "istio-iptables", "-p", str(OUTBOUND), "-z", str(INBOUND), "-u", str(USER),
        "-m", "REDIRECT", "-i", capture.outbound_ranges, "-x", capture.outbound_ranges_excluded,
        "-b", capture.inbound_ports, "-d", excluded,
    ]  # fmt: skip
    for flag, value in (
        ("-q", capture.outbound_ports), ("-o", capture.outbound_ports_excluded),
        ("-c", capture.interfaces_excluded), ("-k", capture.interfaces_rerouted),
    ):  # fmt: skip
        args += [flag, value] if value else []
    env: list[Json] = [{"name": one, "value": told} for one, told in wishes.variables.items()]
    return {
        "name": INIT,
        "image": wishes.image,
        "imagePullPolicy": settings.image_pull_policy,
        "args": list(args),
        **({"env": env} if env else {}),  # whether DNS is redirected is said there
        "resources": _resources(wishes),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": False,
            "runAsGroup": 0,
            "runAsNonRoot": False,
            "runAsUser": 0,
        },
    }


def proxy(
    injection: Injection, moved: Mapping[str, str], kind: Kind = Kind.SIDECAR
) -> Object:
    """The agent and its Envoy; `moved` is the environment that stands for what the pod gave up."""
    wishes = injection.wishes
    ready = STATUS_PORT if kind is Kind.SIDECAR else HEALTH
    container: Object = {
        "name": PROXY,
        "image": wishes.image,
        "imagePullPolicy": injection.settings.image_pull_policy,
        "args": [
            "proxy", str(kind),
            "--domain", f"$(POD_NAMESPACE).svc.{injection.settings.cluster_domain}",
            f"--proxyLogLevel={wishes.log_level}",
            f"--proxyComponentLogLevel={wishes.component_log_level}",
            f"--log_output_level={wishes.agent_log_level}",
        ],
        "ports": [{"containerPort": METRICS, "name": "http-envoy-prom", "protocol": "TCP"}],
        "env": _environment(injection, moved, kind),
        "readinessProbe": {
            "httpGet": {"path": "/healthz/ready", "port": ready, "scheme": "HTTP"},
            "initialDelaySeconds": 1,
            "periodSeconds": 2,
            "successThreshold": 1,
            "timeoutSeconds": 1,
            "failureThreshold": 30,
            **wishes.probe,
        },
        "resources": _resources(wishes),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsGroup": USER,
            "runAsNonRoot": True,
            "runAsUser": USER,
        },
        "volumeMounts": [
            {"name": "istio-envoy", "mountPath": "/etc/istio/proxy"},
            {"name": "istio-data", "mountPath": "/var/lib/istio/data"},
            {"name": "istio-podinfo", "mountPath": "/etc/istio/pod"},
            {"name": "istio-token", "mountPath": "/var/run/secrets/tokens"},
            *(dict(one) for one in wishes.mounts),
        ],
    }  # fmt: skip
    if wishes.holds_application:
        container["lifecycle"] = {"postStart": {"exec": {"command": ["pilot-agent", "wait"]}}}
    return container


def volumes() -> list[Json]:
    podinfo: list[Json] = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "annotations", "fieldRef": {"fieldPath": "metadata.annotations"}},
    ]
    token: Object = {"path": "istio-token", "audience": "istio-ca", "expirationSeconds": 43200}
    return [
        {"name": "istio-envoy", "emptyDir": {"medium": "Memory"}},
        {"name": "istio-data", "emptyDir": {}},
        {"name": "istio-podinfo", "downwardAPI": {"items": podinfo}},
        {"name": "istio-token", "projected": {"sources": [{"serviceAccountToken": token}]}},
    ]


def _resources(wishes: Wishes) -> Object:
    found: Object = {"requests": dict(wishes.requests)}
    if wishes.limits:
        found["limits"] = dict(wishes.limits)
    return found


def _environment(injection: Injection, moved: Mapping[str, str], kind: Kind) -> list[Json]:
    settings, workload = injection.settings, injection.workload
    fields = {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "INSTANCE_IP": "status.podIP",
        "SERVICE_ACCOUNT": "spec.serviceAccountName",
        "HOST_IP": "status.hostIP",
        "ISTIO_META_NODE_NAME": "spec.nodeName",
    }
    values = {
        "PROXY_CONFIG": compact(injection.wishes.proxy_config),
        "ISTIO_META_POD_PORTS": compact(_pod_ports(injection.pod)),
        "ISTIO_META_APP_CONTAINERS": ",".join(app_containers(injection.pod)),
        "ISTIO_META_CLUSTER_ID": settings.cluster_id,
        "ISTIO_META_INTERCEPTION_MODE": "REDIRECT" if kind is Kind.SIDECAR else "",
        "ISTIO_META_WORKLOAD_NAME": workload.name,
        "ISTIO_META_OWNER": workload.owner(injection.namespace) if workload.name else "",
        "ISTIO_META_MESH_ID": settings.mesh_id,
        "TRUST_DOMAIN": settings.trust_domain,
        **moved,
        **injection.wishes.variables,
    }
    env: list[Json] = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for name, path in fields.items()
        if name not in values
    ]
    if "cpu" in injection.wishes.limits:  # as many worker threads as it may use cores
        limit: Object = {"containerName": PROXY, "resource": "limits.cpu"}
        env.append({"name": "ISTIO_CPU_LIMIT", "valueFrom": {"resourceFieldRef": limit}})
    env += [{"name": name, "value": value} for name, value in values.items() if value]
    return env


def app_containers(pod: Object) -> list[str]:
    """The names of the containers that are not ours, in order."""
    containers = dig(pod, "spec", "containers", default=[])
    names = [dig(one, "name") for one in containers] if isinstance(containers, list) else []
    return [str(name) for name in names if name != PROXY]


def compact(value: Json | Mapping[str, Json]) -> str:
    return codec.encode(value).decode()


def _pod_ports(pod: Object) -> list[Json]:
    containers = dig(pod, "spec", "containers", default=[])
    ports: list[Json] = []
    for container in containers if isinstance(containers, list) else []:
        declared = dig(container, "ports", default=[])
        if dig(container, "name") != PROXY and isinstance(declared, list):
            ports += declared
    return ports
