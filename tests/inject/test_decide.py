"""Who gets a sidecar, and the reason that people are told."""

import pytest

from telltale.inject.decide import Decision, decide, selected, wanted
from telltale.inject.install import MeshSettings, mesh_objects
from telltale.kube import codec, selector
from telltale.kube.admission import MutatingWebhookConfiguration
from telltale.kube.codec import Object

ON = {"istio-injection": "enabled"}
OFF = {"istio-injection": "disabled"}
KEY = "sidecar.istio.io/inject"


def pod(
    labels: dict[str, str] | None = None, notes: dict[str, str] | None = None, **spec: object
) -> Object:
    metadata: Object = {"name": "p", "labels": dict(labels or {}), "annotations": dict(notes or {})}
    containers: Object = {"containers": [{"name": "app", "image": "app"}]}
    return {"kind": "Pod", "metadata": metadata, "spec": {**containers, **spec}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("asked", "namespace", "labels", "inject", "reason"),
    [
        (pod(), "default", ON, True, "namespace default has label istio-injection=enabled"),
        (pod(), "default", OFF, False, "namespace default has label istio-injection=disabled"),
        (pod(), "default", {}, False, "namespace default has no label istio-injection=enabled, "
         "and the pod no label sidecar.istio.io/inject=true"),
        (pod({KEY: "true"}), "default", {}, True, f"the pod has label {KEY}=true"),
        (pod({KEY: "true"}), "default", OFF, False,
         "namespace default has label istio-injection=disabled"),
        (pod({KEY: "false"}), "default", ON, False, f"the pod has label {KEY}=false"),
        (pod({KEY: "no"}), "default", ON, False, f"the pod has label {KEY}=no"),
        (pod(notes={KEY: "false"}), "default", ON, False, f"the pod has annotation {KEY}=false"),
        (pod({KEY: "true"}, {KEY: "false"}), "default", ON, True,
         "namespace default has label istio-injection=enabled"),
        (pod(hostNetwork=True), "default", ON, False,
         "the pod uses the host's network, which must not be redirected"),
        (pod(containers=[]), "default", ON, False, "the pod has no containers"),
        (pod(nodeSelector={"kubernetes.io/os": "windows"}), "default", ON, False,
         "the pod is for Windows nodes"),
        (pod(notes={"sidecar.istio.io/status": "{}"}), "default", ON, False,
         "the pod is already injected (annotation sidecar.istio.io/status)"),
        (pod({KEY: "true"}), "kube-system", ON, False, "namespace kube-system is never injected"),
        (pod(), "istio-system", ON, False,
         "namespace istio-system is injected only where a pod's label asks for it"),
        (pod({KEY: "true"}), "istio-system", {}, True, f"the pod has label {KEY}=true"),
    ],
)  # fmt: skip
def test_decision(
    asked: Object, namespace: str, labels: dict[str, str], inject: bool, reason: str
) -> None:
    assert decide(asked, namespace, labels) == Decision(inject, reason)


def test_the_injector_alone_injects_what_it_is_shown_unless_told_not_to() -> None:
    assert wanted(pod(), "default") == Decision(True, "injection is the default")
    assert not wanted(pod({KEY: ""}, {KEY: "off"}), "default").inject
    assert wanted(pod({KEY: "Yes"}, {KEY: "false"}), "default").inject


@pytest.mark.parametrize("namespace", ["default", "shop", "kube-system", "istio-system"])
@pytest.mark.parametrize("switch", [None, "enabled", "disabled", "true"])
@pytest.mark.parametrize("label", [None, "true", "false", "yes"])
def test_selected_says_what_the_installed_webhook_does(
    namespace: str, switch: str | None, label: str | None
) -> None:
    """The words of `selected` and the selectors that the API server follows never part."""
    settings = MeshSettings(proxy_image="p", pilot_image="i")
    [found] = [one for one in mesh_objects(settings) if one["kind"] == _KIND]
    hooks = codec.convert(MutatingWebhookConfiguration, found).webhooks
    labels = {"kubernetes.io/metadata.name": namespace}
    labels |= {"istio-injection": switch} if switch else {}
    pod_labels = {KEY: label} if label else {}
    called = [
        hook
        for hook in hooks
        if selector.of(hook.namespace_selector).matches(labels)
        and selector.of(hook.object_selector).matches(pod_labels)
    ]
    said = selected(pod(pod_labels), namespace, labels)
    assert said.inject is bool(called), said.reason
    assert len(called) <= 1, "a pod must not be sent twice"


_KIND = "MutatingWebhookConfiguration"
