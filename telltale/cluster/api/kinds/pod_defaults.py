"""What the API server fills in where a pod, or a pod template, says nothing. Pure.

Source: Kubernetes `pkg/apis/core/v1/defaults.go`.
"""

from telltale.cluster.api.objects import default, listed, number, part, section, text
from telltale.kube.codec import Object

_MODE = 0o644


def pod(object: Object) -> None:
    spec = section(object, "spec")
    pod_spec(spec)
    default(spec, enableServiceLinks=True)
    for container in _containers(spec):
        _requests(container)
    if spec.get("hostNetwork") is True:
        _host_ports(spec)


def prepare_pod(object: Object) -> None:
    """What a new pod begins with, beyond defaults: status, and what built-in admission adds."""
    spec = section(object, "spec")
    object["status"] = {"phase": "Pending", "qosClass": quality(spec)}
    default(spec, priority=0, preemptionPolicy="PreemptLowerPriority")
    tolerations = listed(spec, "tolerations")
    known = {text(one, "key") for one in tolerations}
    everything = any(
        not text(one, "key") and text(one, "operator") == "Exists" for one in tolerations
    )
    for name in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{name}"
        if key not in known and not everything:
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )
    spec["tolerations"] = list(tolerations)


def template(object: Object) -> None:
    """The pod template of a workload."""
    found = section(object, "spec", "template")
    section(found, "metadata").setdefault("creationTimestamp", None)
    pod_spec(section(found, "spec"))


def pod_spec(spec: Object) -> None:
    default(
        spec, restartPolicy="Always", dnsPolicy="ClusterFirst", terminationGracePeriodSeconds=30,
        securityContext={}, schedulerName="default-scheduler",
    )  # fmt: skip
    if account := text(spec, "serviceAccountName") or text(spec, "serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for container in _containers(spec):
        _container(container)
    for volume in listed(spec, "volumes"):
        _volume(volume)


def _containers(spec: Object) -> list[Object]:
    return listed(spec, "initContainers") + listed(spec, "containers")


def _container(container: Object) -> None:
    image = text(container, "image")
    latest = "@" not in image and image.rpartition("/")[2].partition(":")[2] in ("", "latest")
    default(
        container, imagePullPolicy="Always" if latest else "IfNotPresent", resources={},
        terminationMessagePath="/dev/termination-log", terminationMessagePolicy="File",
    )  # fmt: skip
    for port in listed(container, "ports"):
        default(port, protocol="TCP")
    for env in listed(container, "env"):
        _field(part(env, "valueFrom", "fieldRef"))
    for key in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe := part(container, key):
            default(
                probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3
            )
            _http(part(probe, "httpGet"))
            if grpc := part(probe, "grpc"):
                default(grpc, service="")
    for key in ("postStart", "preStop"):
        _http(part(container, "lifecycle", key, "httpGet"))


def _http(get: Object) -> None:
    if get:
        default(get, path="/", scheme="HTTP")


def _field(reference: Object) -> None:
    if reference:
        default(reference, apiVersion="v1")


def _volume(volume: Object) -> None:
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}
    for key in ("configMap", "secret", "projected", "downwardAPI"):
        if source := part(volume, key):
            default(source, defaultMode=_MODE)
    if path := part(volume, "hostPath"):
        default(path, type="")
    for source in [*listed(volume, "projected", "sources"), volume]:
        if token := part(source, "serviceAccountToken"):
            default(token, expirationSeconds=3600)
        for item in listed(source, "downwardAPI", "items"):
            _field(part(item, "fieldRef"))


def _requests(container: Object) -> None:
    """A limit without a request is requested."""
    limits = part(container, "resources", "limits")
    if limits:
        requests = section(container, "resources", "requests")
        for key, value in limits.items():
            requests.setdefault(key, value)


def _host_ports(spec: Object) -> None:
    for container in _containers(spec):
        for port in listed(container, "ports"):
            default(port, hostPort=number(port, "containerPort"))


def quality(spec: Object) -> str:
    """The pod's class of service: Guaranteed, Burstable or BestEffort."""
    every = [part(one, "resources") for one in _containers(spec)]
    if not any(part(one, "limits") or part(one, "requests") for one in every):
        return "BestEffort"
    for one in every:
        limits, requests = part(one, "limits"), part(one, "requests")
        if not {"cpu", "memory"} <= limits.keys():
            return "Burstable"
        if any(requests.get(key, limits[key]) != limits[key] for key in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def fields(object: Object) -> dict[str, str]:
    return {
        "spec.nodeName": text(object, "spec", "nodeName"),
        "spec.restartPolicy": text(object, "spec", "restartPolicy"),
        "spec.schedulerName": text(object, "spec", "schedulerName"),
        "spec.serviceAccountName": text(object, "spec", "serviceAccountName"),
        "spec.hostNetwork": "true" if part(object, "spec").get("hostNetwork") is True else "false",
        "status.phase": text(object, "status", "phase"),
        "status.podIP": text(object, "status", "podIP"),
        "status.nominatedNodeName": text(object, "status", "nominatedNodeName"),
    }
