"""The definitions of Istio's kinds (CRDs). Pure."""

from telltale.kube.codec import Object
from telltale.kube.crds import crd
from telltale.kube.istio.kinds import DEFINITIONS


def definitions() -> list[Object]:
    """All of them, ready to be applied to any Kubernetes."""
    return [crd(one) for one in DEFINITIONS]
