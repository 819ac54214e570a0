"""Events as events.k8s.io/v1 shows them; they are kept as core/v1 does. Pure."""

from telltale.cluster.api.view import View
from telltale.kube.codec import Object

_NAMES = {
    "involvedObject": "regarding", "message": "note", "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp", "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount", "reportingComponent": "reportingController",
}  # fmt: skip
_BACK = {shown: kept for kept, shown in _NAMES.items()}


def _shown(event: Object) -> Object:
    found: Object = {_NAMES.get(key, key): value for key, value in event.items()}
    return {**found, "apiVersion": "events.k8s.io/v1"}


def _kept(event: Object) -> Object:
    found: Object = {_BACK.get(key, key): value for key, value in event.items()}
    return {**found, "apiVersion": "v1"}


VIEW = View(_shown, _kept)
