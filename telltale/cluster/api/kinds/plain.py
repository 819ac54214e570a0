"""The small kinds: what is filled in, and which are valid. Pure."""

import base64
import binascii
import re

from telltale.cluster.api import names
from telltale.cluster.api.kinds.kind import Kind
from telltale.cluster.api.objects import (
    default,
    listed,
    mapping,
    meta,
    name_of,
    namespace_of,
    part,
    section,
    text,
    words,
)  # fmt: skip
from telltale.cluster.api.problems import Problem, forbidden, invalid, required, too_long
from telltale.kube.codec import Object
from telltale.kube.errors import BadRequest

_KEY = "[-._a-zA-Z0-9]+"
_MOST_DATA = 1024 * 1024


def _key(field: str, key: str) -> list[Problem]:
    if re.fullmatch(_KEY, key) and key not in (".", ".."):
        return []
    why = (
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g."
        f" 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '{_KEY}')"
    )
    return [invalid(f"{field}[{key}]", key, why)]


def _config_map(found: Object) -> list[Problem]:
    data, binary = mapping(found, "data"), mapping(found, "binaryData")
    problems = [one for key in data for one in _key("data", key)]
    problems += [one for key in binary for one in _key("binaryData", key)]
    problems += [
        invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
        for key in data.keys() & binary.keys()
    ]
    size = sum(len(value.encode()) for value in data.values())
    if size + sum(len(_bytes("ConfigMap", value)) for value in binary.values()) > _MOST_DATA:
        problems.append(too_long("", _MOST_DATA))
    return problems


def _bytes(kind: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise BadRequest(
            f'{kind} in version "v1" cannot be handled as a {kind}: illegal base64 data: {error}'
        ) from error


def _unchanged(found: Object, old: Object, fields: tuple[str, ...]) -> list[Problem]:
    """An object marked immutable keeps its data."""
    if old.get("immutable") is not True:
        return []
    why = "field is immutable when `immutable` is set"
    return [
        forbidden(field, why) for field in (*fields, "immutable")
        if found.get(field) != old.get(field)
    ]  # fmt: skip


def _config_map_update(found: Object, old: Object) -> list[Problem]:
    return _unchanged(found, old, ("data", "binaryData"))


CONFIG_MAP = Kind(validate=_config_map, validate_update=_config_map_update)

_NEEDED = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def _default_secret(found: Object) -> None:
    default(found, type="Opaque")
    plain = found.pop("stringData", None)
    if isinstance(plain, dict) and plain:
        data = section(found, "data")
        for key, value in plain.items():
            data[key] = base64.b64encode(str(value).encode()).decode()


def _secret(found: Object) -> list[Problem]:
    data = part(found, "data")
    problems = [one for key in data for one in _key("data", key)]
    if sum(len(_bytes("Secret", str(value or ""))) for value in data.values()) > _MOST_DATA:
        problems.append(too_long("data", _MOST_DATA))
    needed = _NEEDED.get(text(found, "type"), ())
    return problems + [required(f"data[{key}]") for key in needed if key not in data]


def _secret_update(found: Object, old: Object) -> list[Problem]:
    problems = _unchanged(found, old, ("data",))
    if found.get("type") != old.get("type"):
        problems.append(invalid("type", found.get("type"), "field is immutable"))
    return problems


def _secret_fields(found: Object) -> dict[str, str]:
    return {"type": text(found, "type")}


SECRET = Kind(
    default=_default_secret, validate=_secret, validate_update=_secret_update,
    fields=_secret_fields,
)  # fmt: skip


def _prepare_namespace(found: Object) -> None:
    section(found, "spec")["finalizers"] = ["kubernetes"]
    section(found, "status")["phase"] = "Active"


def _default_namespace(found: Object) -> None:
    section(meta(found), "labels")["kubernetes.io/metadata.name"] = name_of(found)


def _keep_finalizers(found: Object, old: Object) -> None:
    section(found, "spec")["finalizers"] = part(old, "spec").get("finalizers")


def _namespace_fields(found: Object) -> dict[str, str]:
    return {"status.phase": text(found, "status", "phase")}


NAMESPACE = Kind(
    name_rule=names.label, default=_default_namespace, prepare=_prepare_namespace,
    fields=_namespace_fields, carry=_keep_finalizers, status=True,
)  # fmt: skip


def _node_fields(found: Object) -> dict[str, str]:
    value = part(found, "spec").get("unschedulable") is True
    return {"spec.unschedulable": "true" if value else "false"}


NODE = Kind(fields=_node_fields, status=True)


def _lease(found: Object) -> list[Problem]:
    seconds = part(found, "spec").get("leaseDurationSeconds")
    if isinstance(seconds, int) and seconds <= 0:
        return [invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")]
    return []


LEASE = Kind(validate=_lease)


def _event(found: Object) -> list[Problem]:
    about = text(found, "involvedObject", "namespace")
    if namespace_of(found) != (about or "default"):
        why = "does not match event.namespace"
        return [invalid("involvedObject.namespace", about, why)]
    return []


def _event_fields(found: Object) -> dict[str, str]:
    about = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
    return {
        **{f"involvedObject.{key}": text(found, "involvedObject", key) for key in about},
        "reason": text(found, "reason"),
        "reportingComponent": text(found, "reportingComponent"),
        "source": text(found, "source", "component") or text(found, "reportingComponent"),
        "type": text(found, "type"),
    }


EVENT = Kind(validate=_event, fields=_event_fields)


def _default_binding(found: Object) -> None:
    default(section(found, "roleRef"), apiGroup="rbac.authorization.k8s.io")
    for one in listed(found, "subjects"):
        account = text(one, "kind") == "ServiceAccount"
        default(one, apiGroup="" if account else "rbac.authorization.k8s.io")


def _binding(found: Object) -> list[Problem]:
    problems: list[Problem] = []
    if not text(found, "roleRef", "name"):
        problems.append(required("roleRef.name"))
    for index, one in enumerate(listed(found, "subjects")):
        if not text(one, "name"):
            problems.append(required(f"subjects[{index}].name"))
    return problems


def _binding_update(found: Object, old: Object) -> list[Problem]:
    if found.get("roleRef") == old.get("roleRef"):
        return []
    return [invalid("roleRef", found.get("roleRef"), "cannot change roleRef")]


def _role(found: Object) -> list[Problem]:
    problems: list[Problem] = []
    for index, rule in enumerate(listed(found, "rules")):
        if not words(rule, "verbs"):
            why = "verbs must contain at least one value"
            problems.append(required(f"rules[{index}].verbs", why))
    return problems


ROLE = Kind(name_rule=names.segment, validate=_role)
BINDING = Kind(
    name_rule=names.segment, default=_default_binding, validate=_binding,
    validate_update=_binding_update,
)  # fmt: skip
