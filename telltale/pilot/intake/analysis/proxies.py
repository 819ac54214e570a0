"""Pods that are not in the mesh though it seems that they should be, or cannot be. Pure."""

from collections.abc import Iterator

from telltale.kube.cluster import Namespace
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.problem import Level, Problem

SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "istio-system")
SWITCH, REVISION, POD_SWITCH = "istio-injection", "istio.io/rev", "sidecar.istio.io/inject"
_ALIVE = ("Pending", "Running")  # a template in a file is neither
PROXY, PROXY_USER = "istio-proxy", 1337


def check(seen: Seen) -> Iterator[Problem]:
    for namespace in seen.namespaces.values():
        if namespace.metadata.name not in SYSTEM:
            yield from _namespace(seen, namespace)
    for pod in seen.objects.pods:
        if pod.metadata.namespace not in SYSTEM and not pod.ended:
            yield from _user(pod)


def _namespace(seen: Seen, namespace: Namespace) -> Iterator[Problem]:
    name, labels = namespace.metadata.name, namespace.metadata.labels
    ref = Ref("Namespace", "", name)
    if SWITCH in labels and REVISION in labels:
        yield Problem(
            ref, "metadata.labels", f"{SWITCH} and {REVISION} together",
            f"{SWITCH} alone counts", f"remove {REVISION}", Level.WARNING,
            "namespace-labels-conflict",
        )  # fmt: skip
    pods = [
        pod for pod in seen.objects.pods
        if pod.metadata.namespace == name and pod.status.phase in _ALIVE and not _refuses(pod)
    ]  # fmt: skip
    bare = [pod for pod in pods if not _has_proxy(pod)]
    if labels.get(SWITCH) == "enabled":
        for pod in bare:
            yield Problem(
                Ref("Pod", name, pod.metadata.name), "spec.containers",
                f"has no {PROXY}, though namespace {name} is labelled {SWITCH}=enabled",
                "it is outside the mesh; it was made before the label, or without the webhook",
                "restart its workload: kubectl rollout restart", Level.WARNING, "pod-without-proxy",
            )  # fmt: skip
    elif bare and SWITCH not in labels and REVISION not in labels:
        yield Problem(
            ref, "metadata.labels", f"{len(bare)} pods without a sidecar, and no label {SWITCH}",
            "they are outside the mesh",
            f"kubectl label namespace {name} {SWITCH}=enabled (or =disabled, if it is meant so)",
            Level.INFO, "namespace-not-injected",
        )  # fmt: skip


def _refuses(pod: Pod) -> bool:
    """It says itself that it wants none, or cannot have one."""
    said = {**pod.metadata.annotations, **pod.metadata.labels}.get(POD_SWITCH, "")
    return said.lower() == "false" or pod.spec.host_network


def _has_proxy(pod: Pod) -> bool:
    return any(one.name == PROXY for one in (*pod.spec.containers, *pod.spec.init_containers))


def _user(pod: Pod) -> Iterator[Problem]:
    """What the proxy's own user sends is not redirected: nothing of it reaches the mesh."""
    for container in pod.spec.containers:
        user = container.security_context.run_as_user
        if container.name != PROXY and _has_proxy(pod) and user == PROXY_USER:
            yield Problem(
                Ref("Pod", pod.metadata.namespace, pod.metadata.name),
                f"spec.containers[{container.name}].securityContext.runAsUser",
                f"{PROXY_USER} is the proxy's own user", "what it sends goes past the mesh",
                "run it as another user", Level.WARNING, "proxy-user",
            )  # fmt: skip
