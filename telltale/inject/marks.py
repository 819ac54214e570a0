"""The labels and annotations that an injected pod bears. Pure.

What the pod says itself stays as it is. Never: a rule that reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from telltale.inject.containers import INIT, app_containers, compact, volumes
from telltale.inject.decide import PROXY, STATUS
from telltale.inject.probes import STATUS_PORT
from telltale.inject.workload import Workload
from telltale.kube.codec import Object, dig

_PROMETHEUS = "prometheus.io/"
LABEL_CHARACTERS_MAX = 63


@dataclass(frozen=True, slots=True)
class Marks:
    """`scrape` is ISTIO_PROMETHEUS_ANNOTATIONS: where the app itself shows its metrics."""

    labels: Object
    annotations: Object
    scrape: str = ""


def marks(pod: Object, workload: Workload, merge_metrics: bool, *, redirected: bool) -> Marks:
    labels = _texts(pod, "labels")
    notes = _texts(pod, "annotations")
    apps = app_containers(pod)
    first: Object = {"kubectl.kubernetes.io/default-container": apps[0]} if apps else {}
    first |= {"kubectl.kubernetes.io/default-logs-container": apps[0]} if apps else {}
    metrics, scrape = _metrics(notes) if merge_metrics else ({}, "")
    names = [str(dig(volume, "name")) for volume in volumes()]
    status: Object = {
        "initContainers": [INIT] if redirected else [],
        "containers": [PROXY],
        "volumes": list(names),
        "imagePullSecrets": None,
        "revision": "default",
    }
    return Marks(
        labels={**_identity(labels, workload), **labels},
        annotations={
            **first, "istio.io/rev": "default", **notes, **metrics, STATUS: compact(status),
        },
        scrape=scrape,
    )  # fmt: skip


def _identity(labels: Mapping[str, str], workload: Workload) -> Object:
    """The canonical service is the name that telemetry groups by."""
    name = labels.get("app.kubernetes.io/name") or labels.get("app") or workload.name
    revision = labels.get("app.kubernetes.io/version") or labels.get("version") or "latest"
    return {
        "security.istio.io/tlsMode": "istio",
        "service.istio.io/canonical-name": name[:LABEL_CHARACTERS_MAX].rstrip("-._"),
        "service.istio.io/canonical-revision": revision,
    }


def _metrics(notes: Mapping[str, str]) -> tuple[Object, str]:
    """Scrapers are sent to the agent, which answers for Envoy and the app together."""
    own = {
        name: notes[_PROMETHEUS + name]
        for name in ("scrape", "path", "port")
        if _PROMETHEUS + name in notes
    }
    if own.get("scrape", "").lower() == "false":
        return {}, ""
    to_agent: Object = {
        _PROMETHEUS + "scrape": "true",
        _PROMETHEUS + "port": str(STATUS_PORT),
        _PROMETHEUS + "path": "/stats/prometheus",
    }
    return to_agent, compact(dict(own)) if own else ""


def _texts(pod: Object, place: str) -> dict[str, str]:
    found = dig(pod, "metadata", place, default={})
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}
