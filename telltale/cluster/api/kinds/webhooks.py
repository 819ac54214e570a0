"""Webhook configurations: what is filled in, and which are valid. Pure."""

from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import default, listed, number, part, section, text, words
from telltale.cluster.api.problems import Problem, duplicate, invalid, required, unsupported
from telltale.kube.codec import Object

_EFFECTS = ["None", "NoneOnDryRun"]
_OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]


def _default(found: Object) -> None:
    for hook in listed(found, "webhooks"):
        default(
            hook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10,
            namespaceSelector={}, objectSelector={},
        )  # fmt: skip
        for rule in listed(hook, "rules"):
            default(rule, scope="*")
        if service := part(hook, "clientConfig", "service"):
            default(service, port=443)


def _default_mutating(found: Object) -> None:
    _default(found)
    for hook in listed(found, "webhooks"):
        default(hook, reinvocationPolicy="Never")


def _validate(found: Object) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, hook in enumerate(listed(found, "webhooks")):
        place, name = f"webhooks[{index}]", text(hook, "name")
        if name in seen:
            problems.append(duplicate(f"{place}.name", name))
        seen.add(name)
        if name.count(".") < 2:
            why = "should be a domain with at least three segments separated by dots"
            problems.append(invalid(f"{place}.name", name, why))
        problems += _hook(hook, place)
    return problems


def _hook(hook: Object, place: str) -> list[Problem]:
    problems: list[Problem] = []
    if not words(hook, "admissionReviewVersions"):
        why = "must specify one of v1, v1beta1"
        problems.append(required(f"{place}.admissionReviewVersions", why))
    if text(hook, "sideEffects") not in _EFFECTS:
        problems.append(unsupported(f"{place}.sideEffects", text(hook, "sideEffects"), _EFFECTS))
    if not 1 <= number(hook, "timeoutSeconds") <= 30:
        why = "the timeout value must be between 1 and 30 seconds"
        problems.append(invalid(f"{place}.timeoutSeconds", hook.get("timeoutSeconds"), why))
    policy = text(hook, "failurePolicy")
    if policy not in ("Fail", "Ignore"):
        problems.append(unsupported(f"{place}.failurePolicy", policy, ["Fail", "Ignore"]))
    for index, rule in enumerate(listed(hook, "rules")):
        for one in words(rule, "operations"):
            if one not in _OPERATIONS:
                field = f"{place}.rules[{index}].operations[0]"
                problems.append(unsupported(field, one, _OPERATIONS))
    return problems + _client(section(hook, "clientConfig"), f"{place}.clientConfig")


def _client(client: Object, place: str) -> list[Problem]:
    url, service = text(client, "url"), part(client, "service")
    if bool(url) == bool(service):
        return [required(place, "exactly one of url or service is required")]
    if url and not url.startswith("https://"):
        why = "'https' is the only allowed URL scheme; desired format:"
        return [invalid(f"{place}.url", url, f"{why} https://host[/path]")]
    return [
        required(f"{place}.service.{key}", f"service {key} is required")
        for key in ("namespace", "name")
        if service and not text(service, key)
    ]


MUTATING = Kind(default=_default_mutating, validate=_validate, generation=True)
VALIDATING = Kind(default=_default, validate=_validate, generation=True)
