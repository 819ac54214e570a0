"""Webhooks and what is sent to them (admissionregistration/v1, admission/v1). Never: behaviour."""

from telltale.kube.codec import Object, Typed
from telltale.kube.meta import LabelSelector, Meta


class ServiceReference(Typed):
    namespace: str = ""
    name: str = ""
    path: str = "/"
    port: int = 443


class ClientConfig(Typed):
    url: str = ""
    service: ServiceReference | None = None
    ca_bundle: str = ""


class Rule(Typed):
    operations: list[str] = []
    api_groups: list[str] = []
    api_versions: list[str] = []
    resources: list[str] = []
    scope: str = "*"


class Webhook(Typed):
    name: str = ""
    client_config: ClientConfig = ClientConfig()
    rules: list[Rule] = []
    namespace_selector: LabelSelector = LabelSelector()
    object_selector: LabelSelector = LabelSelector()
    failure_policy: str = "Fail"
    timeout_seconds: int = 10
    side_effects: str = "None"
    admission_review_versions: list[str] = []
    reinvocation_policy: str = "Never"


class MutatingWebhookConfiguration(Typed):
    metadata: Meta = Meta()
    webhooks: list[Webhook] = []


class ValidatingWebhookConfiguration(Typed):
    metadata: Meta = Meta()
    webhooks: list[Webhook] = []


class AdmissionRequest(Typed):
    uid: str = ""
    namespace: str = ""
    name: str = ""
    operation: str = ""
    object: Object | None = None
    old_object: Object | None = None


class AdmissionReview(Typed):
    api_version: str = "admission.k8s.io/v1"
    kind: str = "AdmissionReview"
    request: AdmissionRequest = AdmissionRequest()
