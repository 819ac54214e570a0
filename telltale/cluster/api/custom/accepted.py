"""Whether a definition's names are free, and the conditions that say so. Pure.

Never: storing or serving. Reasons and texts are those of Kubernetes' naming controller.
"""

from collections.abc import Iterator

from telltale.cluster.api.objects import listed, meta, name_of, part, text, words
from telltale.kube.codec import Json, Object

CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_Condition = tuple[str, str, str]  # status, reason, message
_ESTABLISHED = "InitialNamesAccepted"


def in_order(definitions: list[Object]) -> list[Object]:
    """Those that have their names keep them; of the others the elder comes first."""
    return sorted(
        definitions,
        key=lambda one: (
            not established(one), text(one, "metadata", "creationTimestamp"), name_of(one),
        ),
    )  # fmt: skip


def established(definition: Object) -> bool:
    return any(
        text(one, "type") == "Established" and text(one, "status") == "True"
        for one in listed(definition, "status", "conditions")
    )


def leaving(definition: Object) -> bool:
    return bool(text(definition, "metadata", "deletionTimestamp"))


def conflict(definition: Object, before: list[Object]) -> _Condition | None:
    """What is wrong with its names, given those of the same group that were first."""
    group = text(definition, "spec", "group")
    others = [one for one in before if text(one, "spec", "group") == group]
    resources = {name for one in others for _, name in _resources(one)}
    kinds = {name for one in others for _, name in _kinds(one)}
    found = [
        (reason, name)
        for known, names in ((resources, _resources(definition)), (kinds, _kinds(definition)))
        for reason, name in names
        if name in known
    ]
    if not found:
        return None
    reason = found[0][0] if len(found) == 1 else "MultipleConflicts"
    said = "; ".join(f'"{name}" is already in use' for _, name in found)
    return "False", f"{reason}Conflict" if len(found) == 1 else reason, said


def _resources(definition: Object) -> Iterator[tuple[str, str]]:
    names = part(definition, "spec", "names")
    yield "Plural", text(names, "plural")
    yield "Singular", text(names, "singular")
    for short in words(names, "shortNames"):
        yield "ShortNames", short


def _kinds(definition: Object) -> Iterator[tuple[str, str]]:
    names = part(definition, "spec", "names")
    yield "Kind", text(names, "kind")
    yield "ListKind", text(names, "listKind")


def status(definition: Object, wrong: _Condition | None, now: str) -> Object:
    """The status that says whether the names are accepted, established and going."""
    found: dict[str, _Condition] = {
        "NamesAccepted": wrong or ("True", "NoConflicts", "no conflicts found"),
        "Established": ("True", _ESTABLISHED, "the initial names have been accepted"),
    }
    if wrong and not established(definition):
        found["Established"] = ("False", "NotAccepted", "not all names are accepted")
    if leaving(definition):
        said = "CustomResource deletion is in progress"
        found["Terminating"] = ("True", "InstanceDeletionInProgress", said)
    known = part(definition, "status")
    conditions: list[Json] = [
        _condition(kind, one, _since(known, kind, one[0], now)) for kind, one in found.items()
    ]
    accepted = part(known, "acceptedNames") if wrong else part(definition, "spec", "names")
    return {
        **known, "acceptedNames": accepted or {"plural": "", "kind": ""}, "conditions": conditions,
    }  # fmt: skip


def _condition(kind: str, one: _Condition, since: str) -> Object:
    status, reason, message = one
    return {
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since,
    }  # fmt: skip


def _since(known: Object, kind: str, status: str, now: str) -> str:
    for one in listed(known, "conditions"):
        if (text(one, "type"), text(one, "status")) == (kind, status):
            return text(one, "lastTransitionTime") or now
    return now


def without_cleanup(definition: Object) -> Object:
    """The definition, its objects gone."""
    found = meta(definition)
    rest: list[Json] = [one for one in words(found, "finalizers") if one != CLEANUP]
    metadata = {key: value for key, value in found.items() if key != "finalizers"}
    return {**definition, "metadata": {**metadata, **({"finalizers": rest} if rest else {})}}
