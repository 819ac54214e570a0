"""A pod in, the same pod with its sidecar out. Pure: JSON to JSON, the pod given stays as it is.

`decide` has said yes before. Order as Istio's: `istio-init` after the pod's own init containers,
`istio-proxy` after its containers, or before them where the app must wait for the proxy.
Never: whether to inject.
"""

from dataclasses import dataclass

from telltale.inject import containers, marks, probes, wishes, workload
from telltale.inject.containers import INIT, Injection, Kind
from telltale.inject.decide import PROXY
from telltale.inject.settings import SidecarSettings
from telltale.inject.wishes import Wishes
from telltale.inject.workload import Workload
from telltale.kube.codec import Json, Malformed, Object, dig
from telltale.kube.errors import BadRequest
from telltale.kube.patch import Shape, strategic_patch

__all__ = ["SidecarSettings", "clashes", "inject", "template"]

TEMPLATES = "inject.istio.io/templates"
_TEMPLATES = {
    "sidecar": Kind.SIDECAR, "gateway": Kind.ROUTER,
    "kube-gateway": Kind.ROUTER,  # what deployments made for the Gateway API name
}  # fmt: skip
_LOW_PORTS = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}


def inject(
    pod: Object, namespace: str, settings: SidecarSettings, owner: Workload | None = None
) -> Object:
    """`owner` is what the pod's template stands in, when that is known; else the pod itself tells.

    Raises `Malformed` (`BadAnnotation`) when the pod asks for something that cannot be.
    """
    spec, metadata = _spec(pod), dig(pod, "metadata", default={})
    if not isinstance(metadata, dict):
        raise Malformed("metadata: expected an object")
    belongs = owner or workload.of(pod)
    asked = wishes.read(pod, namespace, settings)
    injection = Injection(pod, namespace, belongs, asked, settings)
    if template(pod) is Kind.ROUTER:
        return _gateway(injection)
    marked = marks.marks(pod, belongs, asked.merge_metrics, redirected=True)
    apps, theirs = _without(spec, "containers", PROXY)
    before, their_init = _without(spec, "initContainers", INIT)
    moved = {"ISTIO_PROMETHEUS_ANNOTATIONS": marked.scrape}
    if asked.rewrite_probes:
        apps, originals = probes.rewrite(apps)
        before, more = probes.rewrite(before)  # one that restarts is a sidecar, and has probes
        moved["ISTIO_KUBE_APP_PROBERS"] = (
            containers.compact(originals | more) if originals | more else ""
        )
    proxy = _customised(containers.proxy(injection, moved), theirs)
    init = _customised(containers.init(asked, settings), their_init)
    return {
        **pod,
        "metadata": {**metadata, "labels": marked.labels, "annotations": marked.annotations},
        "spec": {
            **spec,
            "initContainers": [*before, init],
            "containers": [proxy, *apps] if asked.holds_application else [*apps, proxy],
            "volumes": _volumes(spec, asked),
        },
    }


def template(pod: Object) -> Kind:
    """Which template the pod asks for. Raises `Malformed` for one that there is not."""
    named = dig(pod, "metadata", "annotations", TEMPLATES, default="sidecar")
    kind = _TEMPLATES.get(str(named).strip())
    if kind is None:
        raise Malformed(
            f"annotation {TEMPLATES}: {named!r} is not a template; there is: "
            f"{', '.join(_TEMPLATES)}"
        )
    return kind


def _gateway(injection: Injection) -> Object:
    """The pod's own `istio-proxy` (image `auto`) made whole. Nothing is redirected, no probe moved.

    The port of a gateway may be below 1024, and its user is nobody: the pod's network allows it.
    """
    pod = injection.pod
    spec, metadata = _spec(pod), dig(pod, "metadata", default={})
    assert isinstance(metadata, dict)
    rest, theirs = _without(spec, "containers", PROXY)
    marked = marks.marks(
        pod, injection.workload, injection.wishes.merge_metrics, redirected=False
    )
    proxy = _customised(containers.proxy(injection, {}, Kind.ROUTER), theirs)
    security = dig(spec, "securityContext", default={})
    security = security if isinstance(security, dict) else {}
    return {
        **pod,
        "metadata": {**metadata, "labels": marked.labels, "annotations": marked.annotations},
        "spec": {
            **spec,
            "containers": [proxy, *rest],
            "volumes": _volumes(spec, injection.wishes),
            "securityContext": {"sysctls": [dict(_LOW_PORTS)], **security},
        },
    }


def clashes(pod: Object) -> list[str]:
    """What will not work beside a sidecar, in words; none of it stops the injection."""
    found = []
    if dig(pod, "spec", "securityContext", "runAsUser") == containers.USER:
        found.append("the pod runs as user 1337, whose traffic bypasses the sidecar")
    for container in _list(_spec(pod), "containers"):
        name = dig(container, "name")
        if name == PROXY:
            continue
        if dig(container, "securityContext", "runAsUser") == containers.USER:
            found.append(f"container {name} runs as user 1337, whose traffic bypasses the sidecar")
        ports = dig(container, "ports", default=[])
        for port in ports if isinstance(ports, list) else []:
            number = dig(port, "containerPort")
            if number in containers.RESERVED:
                found.append(f"container {name} has port {number}, which the sidecar needs")
    return found


def _spec(pod: Object) -> Object:
    spec = pod.get("spec")
    if not isinstance(spec, dict):
        raise Malformed("the pod has no spec")
    return spec


def _list(spec: Object, field: str) -> list[Json]:
    found = [] if spec.get(field) is None else spec[field]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Malformed(f"spec.{field}: expected a list of objects")
    return found


def _without(spec: Object, field: str, name: str) -> tuple[list[Json], Object]:
    """A list of containers without the one of that name, and that one."""
    found = _list(spec, field)
    named = [one for one in found if isinstance(one, dict) and one.get("name") == name]
    return [one for one in found if dig(one, "name") != name], named[0] if named else {}


def _volumes(spec: Object, asked: Wishes) -> list[Json]:
    """The pod's own, those that it gives the sidecar, and the sidecar's; the first of a name."""
    found = _list(spec, "volumes")
    for one in (*map(dict, asked.volumes), *containers.volumes()):
        if all(dig(known, "name") != dig(one, "name") for known in found):
            found = [*found, one]
    return found


@dataclass(frozen=True, slots=True)
class _Container(Shape):
    """How the lists of a container are merged (core/v1 Container)."""

    merge_key: str = ""
    merges: bool = False
    replaces: bool = False

    def field(self, name: str) -> Shape:
        key = _KEYS.get(name, "")
        return _Container(key, merges=bool(key))

    def element(self) -> Shape:
        return _Container()


_KEYS = {"env": "name", "volumeMounts": "mountPath", "ports": "containerPort"}


def _customised(template: Object, theirs: Object) -> Object:
    """A container of ours that the user wrote down too is merged on top; image `auto` is ours."""
    own = {key: value for key, value in theirs.items() if (key, value) != ("image", "auto")}
    try:
        return strategic_patch(template, own, _Container())
    except BadRequest as error:
        raise Malformed(f"container {template['name']}: {error}") from error
