"""Images of proxies: `auto` that nobody fills in, and another one than new pods have. Pure."""

from collections.abc import Iterator

from telltale.kube import codec
from telltale.kube.codec import Malformed, dig
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.pilot.intake.analysis.proxies import POD_SWITCH, PROXY, SWITCH, SYSTEM
from telltale.pilot.intake.analysis.seen import Seen
from telltale.pilot.intake.problem import Level, Problem

OWN_IMAGE = "sidecar.istio.io/proxyImage"
_VALUES = ("istio-system", "istio-sidecar-injector", "values")


def check(seen: Seen) -> Iterator[Problem]:
    wanted = _of_the_injector(seen)
    for pod in seen.objects.pods:
        for one in pod.spec.containers:
            if one.name == PROXY and one.image == "auto":
                yield from _unfilled(seen, pod)
            elif one.name == PROXY and wanted not in ("", one.image) and _injected(pod):
                yield _another(pod, one.image, wanted)


def _unfilled(seen: Seen, pod: Pod) -> Iterator[Problem]:
    """Of a namespace that is not known here nothing is said."""
    meta = pod.metadata
    asked = meta.labels.get(POD_SWITCH, "")
    namespace = seen.namespaces.get(meta.namespace)
    if asked == "true" or (namespace is None and asked != "false"):
        return
    enabled = namespace is not None and namespace.metadata.labels.get(SWITCH) == "enabled"
    if enabled and asked != "false":
        return
    said = f"the pod has label {POD_SWITCH}=false" if asked == "false" else (
        f"namespace {meta.namespace} has no label {SWITCH}=enabled"
    )  # fmt: skip
    yield Problem(
        Ref("Pod", meta.namespace, meta.name), f"spec.containers[{PROXY}].image",
        f"is auto, and nobody fills it in: {said}", "the container cannot be started",
        f"give the pod label {POD_SWITCH}=true", Level.ERROR, "image-auto",
    )  # fmt: skip


def _injected(pod: Pod) -> bool:
    """It has the mesh's image because the injector wrote it, not because somebody chose it."""
    meta = pod.metadata
    return (
        meta.namespace not in SYSTEM and not pod.ended and OWN_IMAGE not in meta.annotations
        and "sidecar.istio.io/status" in meta.annotations
    )  # fmt: skip


def _another(pod: Pod, found: str, wanted: str) -> Problem:
    return Problem(
        Ref("Pod", pod.metadata.namespace, pod.metadata.name), f"spec.containers[{PROXY}].image",
        f"is {found}, and new pods have {wanted}", "the proxy is of another version",
        "restart its workload: kubectl rollout restart", Level.WARNING, "proxy-image-differs",
    )  # fmt: skip


def _of_the_injector(seen: Seen) -> str:
    """The image that the injector writes, "" where that is not known."""
    namespace, name, key = _VALUES
    for one in seen.objects.texts:
        if (one.metadata.namespace, one.metadata.name) == (namespace, name):
            try:
                [values] = codec.parse_yaml(one.data.get(key, ""))
            except (Malformed, ValueError):
                return ""
            return str(dig(values, "global", "proxy", "image", default=""))
    return ""
