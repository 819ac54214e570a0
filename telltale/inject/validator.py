"""The ValidatingWebhookConfiguration: what the API server asks the pilot about first. Pure.

`failurePolicy` is Ignore and stays so, where Istio makes it Fail once it is ready: a lost pilot
must never keep somebody from mending the mesh. What slips in meanwhile is found when it is read: it
is left out, and told in its status. Deleting is never asked about. Never: a rule about objects.
"""

from telltale.kube.codec import Json, Object
from telltale.kube.istio.kinds import DEFINITIONS

VALIDATOR = "istio-validator-istio-system"
PATH = "/validate"


def configuration(service: Object) -> Object:
    """`service` is where the pilot is found: namespace, name, port."""
    groups: list[Json] = [*sorted({one.kind.group for one in DEFINITIONS})]
    rule: Object = {
        "operations": ["CREATE", "UPDATE"], "apiGroups": groups, "apiVersions": ["*"],
        "resources": ["*"], "scope": "*",
    }  # fmt: skip
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": VALIDATOR, "labels": {"app": "pilot"}},
        "webhooks": [
            {
                "name": "validation.istio.io",
                "clientConfig": {"service": {**service, "path": PATH}},
                "rules": [rule],
                "failurePolicy": "Ignore",
                "timeoutSeconds": 5,
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }
