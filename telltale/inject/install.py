"""What the mesh needs in a cluster before its first pod: namespace `istio-system`, and all in it.

A pure function of a few settings; `telltale up` creates the objects, and any Kubernetes takes them.
Never: certificates. The pilot makes its own and writes `caBundle`; until then, labelled namespaces
get no new pods (failurePolicy Fail), rather than pods outside the mesh.
"""

from dataclasses import dataclass

from telltale.inject import validator
from telltale.inject.decide import MESH, NAMESPACE_LABEL, POD_KEY, SYSTEM
from telltale.kube import codec
from telltale.kube.codec import Json, Object
from telltale.kube.gatewayapi import kinds as gatewayapi
from telltale.kube.istio import crds

NAMESPACE = "istio-system"
PILOT = "istio-pilot"
WEBHOOK = "istio-sidecar-injector"
NAME = "kubernetes.io/metadata.name"  # the label that every namespace has
DATA = "/var/lib/istio/data"  # where the pilot keeps modules that it has fetched
# Where the pilot finds its ConfigMaps.
MESH_FILE, VALUES_FILE = "/etc/istio/config/mesh", "/etc/istio/inject/values"

_LABELS: Object = {"app": "pilot", "istio": "pilot"}
_RBAC = "rbac.authorization.k8s.io"
READ = "get list watch"


@dataclass(frozen=True, slots=True)
class MeshSettings:
    """`concurrency`: Envoy's worker threads in a sidecar; each costs memory, idle or not."""

    proxy_image: str
    pilot_image: str
    cluster_domain: str = "cluster.local"
    trust_domain: str = "cluster.local"
    concurrency: int = 2


def mesh_objects(settings: MeshSettings) -> list[Object]:
    """In the order in which they must be created."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        *crds.definitions(),
        *gatewayapi.definitions(),
        _in_system("v1", "ServiceAccount"),
        *_access(),
        *_configuration(settings),
        _service(),
        _deployment(settings),
        _webhook_configuration(),
        validator.configuration({"namespace": NAMESPACE, "name": PILOT, "port": 443}),
    ]


def _in_system(api_version: str, kind: str, name: str = PILOT) -> Object:
    metadata: Object = {"name": name, "namespace": NAMESPACE, "labels": dict(_LABELS)}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _access() -> list[Object]:
    """It reads what the mesh is made of, and writes its own certificate and what it says."""
    api = f"{_RBAC}/v1"
    everywhere: Object = {"name": PILOT, "labels": dict(_LABELS)}
    subjects: list[Json] = [{"kind": "ServiceAccount", "name": PILOT, "namespace": NAMESPACE}]
    groups = (
        "networking.istio.io", "security.istio.io", "telemetry.istio.io",
        "gateway.networking.k8s.io",
    )  # fmt: skip
    rules: list[Json] = [
        _rule("", "services endpoints pods nodes namespaces configmaps serviceaccounts"),
        # For the certificates of gateways, which may stand in any namespace, under names that their
        # users choose. A gateway gets only those that it names, and only from its own namespace.
        _rule("", "secrets"),
        _rule("discovery.k8s.io", "endpointslices"),
        _rule("apiextensions.k8s.io", "customresourcedefinitions"),
        *(_rule(group, "*") for group in groups),
        *(_rule(group, "*/status", "update patch") for group in groups),
        _rule("admissionregistration.k8s.io",
              "mutatingwebhookconfigurations validatingwebhookconfigurations"),
        {**_rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "update patch"),
         "resourceNames": [WEBHOOK]},
        {**_rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", "update patch"),
         "resourceNames": [validator.VALIDATOR]},
        _rule("authentication.k8s.io", "tokenreviews", "create"),
        # For the Gateways that are deployed by the pilot, and the class that says that they are.
        _rule("", "services serviceaccounts", "create patch update"),
        _rule("apps", "deployments", "get create patch update"),
        _rule("autoscaling", "horizontalpodautoscalers", "get create patch update"),
        _rule("policy", "poddisruptionbudgets", "get create patch update"),
        _rule("gateway.networking.k8s.io", "gatewayclasses", "create patch update"),
    ]  # fmt: skip
    own: list[Json] = [_rule("", "secrets", "get create update patch")]
    return [
        {"apiVersion": api, "kind": "ClusterRole", "metadata": everywhere, "rules": rules},
        {"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": everywhere,
         "roleRef": _role("ClusterRole"), "subjects": subjects},
        {**_in_system(api, "Role"), "rules": own},
        {**_in_system(api, "RoleBinding"), "roleRef": _role("Role"), "subjects": subjects},
    ]  # fmt: skip


def _rule(group: str, resources: str, verbs: str = "") -> Object:
    return {
        "apiGroups": [group],
        "resources": list(resources.split()),
        "verbs": list((verbs or READ).split()),
    }


def _role(kind: str) -> Object:
    return {"apiGroup": _RBAC, "kind": kind, "name": PILOT}


def _configuration(settings: MeshSettings) -> list[Object]:
    """Read by the pilot at its start, with `meshconfig`."""
    mesh: Object = {
        "trustDomain": settings.trust_domain,
        "enablePrometheusMerge": True,
        "defaultConfig": {
            "discoveryAddress": f"{PILOT}.{NAMESPACE}:15010",
            "concurrency": settings.concurrency,
        },
    }
    values: Object = {
        "global": {
            "proxy": {
                "image": settings.proxy_image,
                "clusterDomain": settings.cluster_domain,
                "logLevel": "warning",
                "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
            }
        },
        "sidecarInjectorWebhook": {"rewriteAppHTTPProbe": True},
    }
    return [
        {**_in_system("v1", "ConfigMap", "istio"), "data": {"mesh": codec.to_yaml([mesh])}},
        {**_in_system("v1", "ConfigMap", WEBHOOK), "data": {"values": codec.to_yaml([values])}},
    ]


def _service() -> Object:
    ports: list[Json] = [
        {"name": "grpc-xds", "port": 15010, "protocol": "TCP"},
        {"name": "https-webhook", "port": 443, "targetPort": 15017, "protocol": "TCP"},
        {"name": "http-monitoring", "port": 15014, "protocol": "TCP"},
    ]
    return {**_in_system("v1", "Service"), "spec": {"selector": dict(_LABELS), "ports": ports}}


def _deployment(settings: MeshSettings) -> Object:
    pod: Object = {
        "serviceAccountName": PILOT,
        "securityContext": {"runAsUser": 1337, "runAsGroup": 1337, "runAsNonRoot": True},
        "containers": [_discovery(settings)],
        "volumes": [
            {"name": "config-volume", "configMap": {"name": "istio"}},
            {"name": "inject", "configMap": {"name": WEBHOOK}},
            {"name": "data", "emptyDir": {"sizeLimit": "512Mi"}},
        ],
    }
    template: Object = {"metadata": {"labels": {**_LABELS, POD_KEY: "false"}}, "spec": pod}
    return {
        **_in_system("apps/v1", "Deployment"),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(_LABELS)},
            "strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": "25%"}},
            "template": template,
        },
    }


def _discovery(settings: MeshSettings) -> Object:
    names = {
        "grpc-xds": 15010,
        "http-monitoring": 15014,
        "https-webhook": 15017,
        "http-debug": 8080,
    }
    fields = {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "HOST_IP": "status.hostIP",  # from where the API server's proxy asks for /debug
    }
    return {
        "name": "discovery",
        "image": settings.pilot_image,
        "imagePullPolicy": "IfNotPresent",
        "args": [
            *("--mesh-config", MESH_FILE),
            *("--injection-values", VALUES_FILE),
            *("--debug-from", "$(HOST_IP)/32"),
            *("--data-dir", DATA),
        ],
        "ports": [
            {"name": name, "containerPort": number, "protocol": "TCP"}
            for name, number in names.items()
        ],
        "env": [
            {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
            for name, path in fields.items()
        ],
        # Once a second: every sidecar of the cluster waits for this pod to be ready.
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": 8080},
            "initialDelaySeconds": 0,
            "periodSeconds": 1,
            "timeoutSeconds": 5,
        },
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "config-volume", "mountPath": "/etc/istio/config", "readOnly": True},
            {"name": "inject", "mountPath": "/etc/istio/inject", "readOnly": True},
            {"name": "data", "mountPath": DATA},
        ],
    }


def _webhook_configuration() -> Object:
    """The first stage of `decide`, as the API server reads it."""
    enabled = _where(NAMESPACE_LABEL, "In", "enabled")
    silent: Object = {"key": NAMESPACE_LABEL, "operator": "DoesNotExist"}
    not_refused = _where(POD_KEY, "NotIn", "false")
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": WEBHOOK, "labels": {"app": "sidecar-injector"}},
        "webhooks": [
            _webhook("namespace", [enabled, _where(NAME, "NotIn", *SYSTEM)], not_refused),
            _webhook("object", [silent, _where(NAME, "NotIn", *SYSTEM)], _where_asked()),
            _webhook("gateway", [_where(NAME, "In", MESH)], _where_asked()),
        ],
    }


def _where(key: str, operator: str, *values: str) -> Object:
    return {"key": key, "operator": operator, "values": list(values)}


def _where_asked() -> Object:
    return _where(POD_KEY, "In", "true")


def _webhook(name: str, namespaces: list[Json], pods: Object) -> Object:
    service: Object = {"namespace": NAMESPACE, "name": PILOT, "path": "/inject", "port": 443}
    rule: Object = {
        "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
    }  # fmt: skip
    return {
        "name": f"{name}.sidecar-injector.istio.io",
        "clientConfig": {"service": service},
        "rules": [rule],
        "namespaceSelector": {"matchExpressions": namespaces},
        "objectSelector": {"matchExpressions": [pods]},
        "failurePolicy": "Fail",
        "timeoutSeconds": 10,
        "sideEffects": "None",
        "reinvocationPolicy": "Never",
        "admissionReviewVersions": ["v1"],
    }
