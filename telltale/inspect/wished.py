"""What pods ask of their sidecars by annotations, as the injector itself would read it. Pure.

A pod that asks for what cannot be is refused when it is created; of a template in a file that shows
only then, and here before. Never: a rule about an annotation.
"""

from collections.abc import Iterable, Iterator

from telltale.inject import proxyconfig, sidecar, wishes
from telltale.inject.settings import SidecarSettings
from telltale.inspect.objects import TEMPLATED
from telltale.kube.codec import Malformed, Object, dig
from telltale.kube.core import Pod
from telltale.kube.meta import Ref
from telltale.pilot.intake import meshconfig
from telltale.pilot.intake.analysis import annotations
from telltale.pilot.intake.problem import Problem

_SETTINGS = SidecarSettings(proxy_image="auto")


def problems(pods: Iterable[Pod]) -> Iterator[Problem]:
    for one in pods:
        meta = one.metadata
        if one.ended:
            continue
        asked: Object = {"metadata": {"labels": {**meta.labels},
                                      "annotations": {**meta.annotations}}}  # fmt: skip
        try:
            wishes.read(asked, meta.namespace, _SETTINGS)
            sidecar.template(asked)
            yield from _unfollowed(one)
        except Malformed as error:
            yield Problem(
                Ref("Pod", meta.namespace, meta.name), "metadata.annotations", str(error),
                "such a pod is refused when it is created", "correct the annotation",
                code="annotation-invalid",
            )  # fmt: skip


def _unfollowed(pod: Pod) -> Iterator[Problem]:
    """Fields of the proxy's configuration in annotation proxy.istio.io/config."""
    ref = Ref("Pod", pod.metadata.namespace, pod.metadata.name)
    config = proxyconfig.read(pod.metadata.annotations.get(wishes.CONFIG, ""))
    at = f"metadata.annotations[{wishes.CONFIG}]"
    yield from meshconfig.unfollowed_defaults(at, config, ref)


def misplaced(document: Object, ref: Ref) -> Iterator[Problem]:
    """Annotations of a Deployment or the like itself: its pods do not have them."""
    kind, notes = str(document.get("kind", "")), dig(document, "metadata", "annotations")
    if kind in TEMPLATED and isinstance(notes, dict):
        for key in notes:
            yield from annotations.faults(kind, ref, key)
