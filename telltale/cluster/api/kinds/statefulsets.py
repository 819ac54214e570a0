"""StatefulSets and ControllerRevisions: what is filled in, which are valid, what may change. Pure.

Volume claims are refused: nothing here keeps data beyond a pod, and a StatefulSet promises that.
"""

from telltale.cluster.api.kinds import pod_defaults, workloads
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import default, listed, number, part, section, text
from telltale.cluster.api.problems import Problem, forbidden, invalid, unsupported
from telltale.kube.codec import Object

_STRATEGIES = ["RollingUpdate", "OnDelete"]
_POLICIES = ["OrderedReady", "Parallel"]
_MAY_CHANGE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip


def _default(object: Object) -> None:
    spec = section(object, "spec")
    default(
        spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady",
        updateStrategy={},
    )  # fmt: skip
    strategy = section(spec, "updateStrategy")
    default(strategy, type="RollingUpdate")
    if text(strategy, "type") == "RollingUpdate":
        default(section(strategy, "rollingUpdate"), partition=0)
    pod_defaults.template(object)
    status = section(object, "status")
    default(status, replicas=0, availableReplicas=0)


def _validate(object: Object) -> list[Problem]:
    spec = part(object, "spec")
    problems = workloads.validate(object)
    if listed(spec, "volumeClaimTemplates"):
        why = (
            "this cluster keeps nothing beyond a pod, so it has no volumes to claim; "
            "give the template a volume of kind emptyDir, which lasts as long as the pod"
        )
        problems.append(forbidden("spec.volumeClaimTemplates", why))
    strategy = text(spec, "updateStrategy", "type")
    if strategy not in _STRATEGIES:
        problems.append(unsupported("spec.updateStrategy.type", strategy, _STRATEGIES))
    policy = text(spec, "podManagementPolicy")
    if policy not in _POLICIES:
        problems.append(unsupported("spec.podManagementPolicy", policy, _POLICIES))
    for path in (("updateStrategy", "rollingUpdate", "partition"), ("ordinals", "start")):
        if (found := number(spec, *path)) < 0:
            why = "must be greater than or equal to 0"
            problems.append(invalid(".".join(("spec", *path)), found, why))
    return problems


def _validate_update(object: Object, old: Object) -> list[Problem]:
    new, before = part(object, "spec"), part(old, "spec")
    changed = [
        key for key in sorted(new.keys() | before.keys())
        if key not in _MAY_CHANGE and new.get(key) != before.get(key)
    ]  # fmt: skip
    if not changed:
        return []
    names = ", ".join(f"'{one}'" for one in ("replicas", "ordinals", "template", "updateStrategy",
                      "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy"))  # fmt: skip
    why = (
        f"updates to statefulset spec for fields other than {names} and 'minReadySeconds' are "
        "forbidden"
    )
    return [forbidden("spec", why)]


STATEFUL_SET = Kind(
    default=_default, validate=_validate, validate_update=_validate_update,
    status=True, generation=True,
)  # fmt: skip


def _validate_revision(object: Object) -> list[Problem]:
    if (found := number(object, "revision")) < 0:
        return [invalid("revision", found, "must be greater than or equal to 0")]
    return []


def _data_stays(object: Object, old: Object) -> list[Problem]:
    if object.get("data") == old.get("data"):
        return []
    return [invalid("data", None, "field is immutable")]


REVISION = Kind(validate=_validate_revision, validate_update=_data_stays)
