"""Does a pod get a sidecar, and why: the answer and its reason in words, which `why` quotes. Pure.

Two stages, as in Istio: the API server asks the webhook only for pods that its selectors let
through (`selected`), and the webhook still has a mind of its own (`wanted`). Never: how to inject.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from telltale.kube.codec import Object, dig

NAMESPACE_LABEL = "istio-injection"
POD_KEY = "sidecar.istio.io/inject"
STATUS = "sidecar.istio.io/status"
PROXY = "istio-proxy"
# The mesh's own and Kubernetes' own: a sidecar here would wait for what it is part of.
KUBERNETES = ("kube-system", "kube-public", "kube-node-lease")
MESH = "istio-system"  # only a pod that asks for it by its label: a gateway
SYSTEM = (*KUBERNETES, MESH)

_TRUE = ("true", "yes", "y", "on")  # the words that Istio takes for yes; any other is a no


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` completes the sentence "the pod is (not) injected: ..."."""

    inject: bool
    reason: str


def decide(pod: Object, namespace: str, namespace_labels: Mapping[str, str]) -> Decision:
    """What becomes of a pod created in that namespace: both stages."""
    first = selected(pod, namespace, namespace_labels)
    if not first.inject:
        return first
    second = wanted(pod, namespace)
    return second if not second.inject else first


def selected(pod: Object, namespace: str, namespace_labels: Mapping[str, str]) -> Decision:
    """What the selectors of webhook configuration `istio-sidecar-injector` say."""
    if namespace in KUBERNETES:
        return Decision(False, f"namespace {namespace} is never injected")
    switch = namespace_labels.get(NAMESPACE_LABEL)
    asked = dig(pod, "metadata", "labels", POD_KEY)
    if namespace == MESH:
        return _of_mesh(asked == "true")
    if switch is not None and switch != "enabled":
        return Decision(False, f"namespace {namespace} has label {NAMESPACE_LABEL}={switch}")
    if asked == "false":
        return Decision(False, f"the pod has label {POD_KEY}=false")
    if switch == "enabled":
        return Decision(True, f"namespace {namespace} has label {NAMESPACE_LABEL}=enabled")
    if asked == "true":
        return Decision(True, f"the pod has label {POD_KEY}=true")
    return Decision(
        False,
        f"namespace {namespace} has no label {NAMESPACE_LABEL}=enabled, "
        f"and the pod no label {POD_KEY}=true",
    )


def _of_mesh(asked: bool) -> Decision:
    if asked:
        return Decision(True, f"the pod has label {POD_KEY}=true")
    return Decision(False, f"namespace {MESH} is injected only where a pod's label asks for it")


def wanted(pod: Object, namespace: str) -> Decision:
    """What the injector says of a pod that it is shown."""
    refusal = _impossible(pod, namespace)
    if refusal:
        return Decision(False, refusal)
    for place in ("label", "annotation"):  # the label counts more, the annotation is older
        asked = dig(pod, "metadata", f"{place}s", POD_KEY, default="")
        if asked:
            inject = isinstance(asked, str) and asked.lower() in _TRUE
            return Decision(inject, f"the pod has {place} {POD_KEY}={asked}")
    return Decision(True, "injection is the default")


def _impossible(pod: Object, namespace: str) -> str:
    if namespace in KUBERNETES:
        return f"namespace {namespace} is never injected"
    if namespace == MESH and dig(pod, "metadata", "labels", POD_KEY) != "true":
        return _of_mesh(False).reason
    if dig(pod, "spec", "hostNetwork") is True:
        return "the pod uses the host's network, which must not be redirected"
    if not dig(pod, "spec", "containers", default=[]):
        return "the pod has no containers"
    if dig(pod, "spec", "nodeSelector", "kubernetes.io/os") == "windows":
        return "the pod is for Windows nodes"
    if dig(pod, "metadata", "annotations", STATUS) is not None:
        return f"the pod is already injected (annotation {STATUS})"
    return ""
