"""The keys of a ConfigMap that a Gateway's `parametersRef` names, and the kind that each is for.

Pure. Never: what is done with it.
"""

from collections.abc import Mapping

KINDS = {
    "deployment": "Deployment", "service": "Service", "serviceAccount": "ServiceAccount",
    "horizontalPodAutoscaler": "HorizontalPodAutoscaler",
    "podDisruptionBudget": "PodDisruptionBudget",
}  # fmt: skip


def holds_any(data: Mapping[str, str]) -> bool:
    """Whether a ConfigMap may be meant for Gateways."""
    return any(key in data for key in KINDS)
