"""Who a workload is to those who count requests: the names that labels of metrics are made of.

As one text it travels beside an endpoint, and with a request to the sidecar of its receiver. Its
first five words are Istio's (`name;namespace;canonical-service;canonical-revision;cluster`); two
more follow where app and version are not the same as service and revision. Never: how it travels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

UNKNOWN = "unknown"
LENGTH_MAX = 512  # of the text: it may come from whoever can reach the workload


@dataclass(frozen=True, slots=True)
class Peer:
    """`name` is that of the Deployment or whatever else the pod belongs to."""

    name: str = UNKNOWN
    namespace: str = UNKNOWN
    service: str = UNKNOWN
    revision: str = UNKNOWN
    cluster: str = UNKNOWN
    app: str = UNKNOWN
    version: str = UNKNOWN

    def __str__(self) -> str:
        words = [self.name, self.namespace, self.service, self.revision, self.cluster]
        if (self.app, self.version) != (self.service, self.revision):
            words += [_unsaid(self.app), _unsaid(self.version)]
        return ";".join(words)


NOBODY = Peer()


def of(
    name: str, namespace: str, labels: Mapping[str, str], cluster: str
) -> Peer:
    """The workload `name` whose pods have these labels."""
    app, version = labels.get("app", ""), labels.get("version", "")
    service = (
        labels.get("service.istio.io/canonical-name")
        or labels.get("app.kubernetes.io/name") or app or name
    )  # fmt: skip
    revision = (
        labels.get("service.istio.io/canonical-revision")
        or labels.get("app.kubernetes.io/version") or version or "latest"
    )  # fmt: skip
    said = app or UNKNOWN, version or UNKNOWN
    return Peer(name, namespace, service, revision, cluster, *said)


def read(text: str) -> Peer:
    """What a text says; nothing that makes sense is nobody. It may come from anybody."""
    words = text.split(";") if len(text) <= LENGTH_MAX else []
    if len(words) not in (5, 7):
        return NOBODY
    name, namespace, service, revision, cluster = (_said(one) for one in words[:5])
    app, version = (_said(one) for one in words[5:]) if len(words) == 7 else (service, revision)
    return Peer(name, namespace, service, revision, cluster, app, version)


def _said(word: str) -> str:
    return word or UNKNOWN


def _unsaid(word: str) -> str:
    return "" if word == UNKNOWN else word
