"""Which webhooks a write concerns. Pure. Source: admissionregistration/v1's rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from telltale.cluster.api.core import Review
from telltale.cluster.api.objects import mapping
from telltale.kube import selector
from telltale.kube.admission import Rule, Webhook
from telltale.kube.codec import Object

_CONFIGURATIONS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The labels of the object's namespace; None where a namespace selector has no say."""

    namespace_labels: Mapping[str, str] | None


def concerns(hook: Webhook, review: Review, around: Surroundings) -> bool:
    if review.resource.plural in _CONFIGURATIONS and "admission" in review.resource.group:
        return False
    if not any(_rule(rule, review) for rule in hook.rules):
        return False
    labels = around.namespace_labels
    if labels is not None and not selector.of(hook.namespace_selector).matches(labels):
        return False
    chosen = selector.of(hook.object_selector)
    if not chosen.clauses:
        return True
    return any(chosen.matches(_labels(one)) for one in (review.object, review.old or {}) if one)


def _labels(object: Object) -> Mapping[str, str]:
    return mapping(object, "metadata", "labels")


def _rule(rule: Rule, review: Review) -> bool:
    resource = review.resource
    scope = "Namespaced" if resource.namespaced else "Cluster"
    return (
        _among(review.operation, rule.operations)
        and _among(resource.group, rule.api_groups)
        and _among(resource.version, rule.api_versions)
        and rule.scope in ("*", "", scope)
        and any(_resource(one, resource.plural, review.subresource) for one in rule.resources)
    )


def _among(value: str, given: list[str]) -> bool:
    return value in given or "*" in given


def _resource(given: str, plural: str, subresource: str) -> bool:
    wanted, slash, part = given.partition("/")
    if wanted not in ("*", plural):
        return False
    if not subresource:
        return not slash or (given == "*/*")
    return bool(slash) and part in ("*", subresource)
