"""Deployments and ReplicaSets: what is filled in, and which are valid. Pure."""

from telltale.cluster.api.kinds import pod_defaults, pods
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import default, listed, number, part, section, text
from telltale.cluster.api.problems import Problem, invalid, required, unsupported
from telltale.kube import selector
from telltale.kube.codec import Json, Malformed, Object, convert, dig
from telltale.kube.meta import LabelSelector


def _deployment(object: Object) -> None:
    spec = section(object, "spec")
    default(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    strategy = section(spec, "strategy")
    default(strategy, type="RollingUpdate")
    if text(strategy, "type") == "RollingUpdate":
        default(section(strategy, "rollingUpdate"), maxUnavailable="25%", maxSurge="25%")
    pod_defaults.template(object)
    section(object, "status")


def _replica_set(object: Object) -> None:
    default(section(object, "spec"), replicas=1)
    pod_defaults.template(object)
    if not isinstance(object.get("status"), dict):
        object["status"] = {"replicas": 0}


def validate(object: Object) -> list[Problem]:
    """What holds for all of them: the selector, the template, how many."""
    spec = part(object, "spec")
    problems = _selector(object) + pods.template(object)
    if number(spec, "replicas") < 0:
        why = "must be greater than or equal to 0"
        problems.append(invalid("spec.replicas", spec["replicas"], why))
    policy = text(spec, "template", "spec", "restartPolicy")
    if policy != "Always":
        field = "spec.template.spec.restartPolicy"
        problems.append(unsupported(field, policy, ["Always"]))
    return problems


def _validate_deployment(object: Object) -> list[Problem]:
    problems = validate(object)
    kind = text(object, "spec", "strategy", "type")
    if kind not in ("Recreate", "RollingUpdate"):
        known = ["Recreate", "RollingUpdate"]
        problems.append(unsupported("spec.strategy.type", kind, known))
    rolling = part(object, "spec", "strategy", "rollingUpdate")
    for key in ("maxUnavailable", "maxSurge"):
        problems += _share(rolling.get(key), f"spec.strategy.rollingUpdate.{key}")
    if rolling and all(
        str(rolling.get(key)) in ("0", "0%") for key in ("maxUnavailable", "maxSurge")
    ):
        why = "may not be 0 when `maxSurge` is 0"
        field = "spec.strategy.rollingUpdate.maxUnavailable"
        problems.append(invalid(field, rolling.get("maxUnavailable"), why))
    return problems


def _share(value: Json, field: str) -> list[Problem]:
    """A number, or a percentage."""
    if isinstance(value, str) and not (value[:-1].isdigit() and value.endswith("%")):
        why = "a valid percent string must be a numeric string followed by an ending '%'"
        return [invalid(field, value, why)]
    if isinstance(value, int) and value < 0:
        return [invalid(field, value, "must be greater than or equal to 0")]
    return []


def _selector(object: Object) -> list[Problem]:
    found = part(object, "spec", "selector")
    if not found:
        return [required("spec.selector")]
    if not part(found, "matchLabels") and not listed(found, "matchExpressions"):
        return [invalid("spec.selector", found, "empty selector is invalid for deployment")]
    problems = _operators(found)
    if problems:
        return problems
    labels = part(object, "spec", "template", "metadata", "labels")
    try:
        chosen = selector.of(convert(LabelSelector, found))
    except Malformed as error:
        return [invalid("spec.selector", found, str(error))]
    if not chosen.matches({key: str(value) for key, value in labels.items()}):
        why = "`selector` does not match template `labels`"
        return [invalid("spec.template.metadata.labels", labels, why)]
    return []


def _operators(found: Object) -> list[Problem]:
    problems: list[Problem] = []
    for index, one in enumerate(listed(found, "matchExpressions")):
        field = f"spec.selector.matchExpressions[{index}]"
        if text(one, "operator") not in ("In", "NotIn", "Exists", "DoesNotExist"):
            given = text(one, "operator")
            problems.append(invalid(f"{field}.operator", given, "not a valid selector operator"))
    return problems


def _validate_update(object: Object, old: Object) -> list[Problem]:
    found, before = dig(object, "spec", "selector"), dig(old, "spec", "selector")
    return [] if found == before else [invalid("spec.selector", found, "field is immutable")]


DEPLOYMENT = Kind(
    default=_deployment, validate=_validate_deployment, validate_update=_validate_update,
    status=True, generation=True,
)  # fmt: skip


def _replica_fields(object: Object) -> dict[str, str]:
    return {"status.replicas": str(number(object, "status", "replicas"))}


REPLICA_SET = Kind(
    default=_replica_set, validate=validate, validate_update=_validate_update,
    fields=_replica_fields, status=True, generation=True,
)  # fmt: skip
