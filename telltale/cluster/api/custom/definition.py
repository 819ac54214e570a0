"""CustomResourceDefinitions themselves: what is filled in, and which are valid. Pure."""

from telltale.cluster.api import names
from telltale.cluster.api.custom.accepted import CLEANUP
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import default, listed, name_of, part, section, text, words
from telltale.cluster.api.problems import Problem, invalid, required, unsupported
from telltale.kube.codec import Json, Object


def _default(found: Object) -> None:
    spec = section(found, "spec")
    kind = section(spec, "names")
    default(kind, singular=text(kind, "kind").lower(), listKind=f"{text(kind, 'kind')}List")
    default(section(spec, "conversion"), strategy="None")
    _status(found)


def _validate(found: Object) -> list[Problem]:
    spec = part(found, "spec")
    group, plural = text(spec, "group"), text(spec, "names", "plural")
    problems: list[Problem] = []
    for field, value in (
        ("spec.group", group), ("spec.names.plural", plural),
        ("spec.names.kind", text(spec, "names", "kind")),
    ):  # fmt: skip
        if not value:
            problems.append(required(field))
    if group and "." not in group:
        why = "should be a domain with at least one dot"
        problems.append(invalid("spec.group", group, why))
    if plural and (why := names.label_1035(plural)):
        problems.append(invalid("spec.names.plural", plural, why))
    if group and plural and name_of(found) != f"{plural}.{group}":
        why = 'must be spec.names.plural+"."+spec.group'
        problems.append(invalid("metadata.name", name_of(found), why))
    if text(spec, "scope") not in ("Cluster", "Namespaced"):
        problems.append(unsupported("spec.scope", text(spec, "scope"), ["Cluster", "Namespaced"]))
    if text(spec, "conversion", "strategy") not in ("None", "Webhook"):
        given = text(spec, "conversion", "strategy")
        problems.append(unsupported("spec.conversion.strategy", given, ["None", "Webhook"]))
    return problems + _versions(spec)


def _versions(spec: Object) -> list[Problem]:
    versions = listed(spec, "versions")
    if not versions:
        return [
            required("spec.versions", "must have exactly one version marked as storage version")
        ]
    problems: list[Problem] = []
    stored = [one for one in versions if one.get("storage") is True]
    if len(stored) != 1:
        shown: list[Json] = [text(one, "name") for one in versions]
        why = "must have exactly one version marked as storage version"
        problems.append(invalid("spec.versions", shown, why))
    for index, version in enumerate(versions):
        place = f"spec.versions[{index}]"
        if why := names.label_1035(text(version, "name")):
            problems.append(invalid(f"{place}.name", text(version, "name"), why))
        schema = part(version, "schema", "openAPIV3Schema")
        field = f"{place}.schema.openAPIV3Schema"
        if not schema:
            problems.append(required(field, "schemas are required"))
        elif not text(schema, "type"):
            problems.append(required(f"{field}.type", "must not be empty at the root"))
        elif text(schema, "type") != "object":
            why = "must be object at the root"
            problems.append(invalid(f"{field}.type", text(schema, "type"), why))
        else:
            problems += _structural(schema, field)
    return problems


def _structural(schema: Object, field: str) -> list[Problem]:
    """Every property says its type, unless it is int-or-string or keeps everything."""
    problems: list[Problem] = []
    free = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")
    for key, inner in part(schema, "properties").items():
        place = f"{field}.properties[{key}]"
        if not isinstance(inner, dict):
            continue
        if not text(inner, "type") and not any(inner.get(one) is True for one in free):
            problems.append(
                required(f"{place}.type", "must not be empty for specified object fields")
            )
        problems += _structural(inner, place)
    items = schema.get("items")
    if text(schema, "type") == "array" and not isinstance(items, dict):
        problems.append(required(f"{field}.items", "must be specified"))
    elif isinstance(items, dict):
        problems += _structural(items, f"{field}.items")
    return problems


def _validate_update(found: Object, old: Object) -> list[Problem]:
    problems: list[Problem] = []
    for path in (("spec", "group"), ("spec", "scope"), ("spec", "names", "plural"),
                 ("spec", "names", "kind")):  # fmt: skip
        if (given := text(found, *path)) != text(old, *path):
            problems += [invalid(".".join(path), given, "field is immutable")]
    return problems


def _status(found: Object) -> None:
    """Which versions have ever been stored; whether the names are accepted, `Custom` judges."""
    spec = part(found, "spec")
    known = part(found, "status")
    stored = [text(one, "name") for one in listed(spec, "versions") if one.get("storage") is True]
    versions = list(dict.fromkeys([*words(known, "storedVersions"), *stored]))
    empty: Object = {"plural": "", "kind": ""}
    found["status"] = {
        "conditions": [], "acceptedNames": empty, **known, "storedVersions": list(versions),
    }  # fmt: skip


def _fresh(found: Object) -> None:
    """A new definition brings no status of its own."""
    found.pop("status", None)
    _status(found)


DEFINITION = Kind(
    default=_default, prepare=_fresh, validate=_validate, validate_update=_validate_update,
    generation=True, status=True, held_by=CLEANUP,
)  # fmt: skip
