"""What names, labels and annotations may look like. Pure. Texts: apimachinery `util/validation`."""

import re
from collections.abc import Callable

from telltale.cluster.api.objects import listed, text, words
from telltale.cluster.api.problems import (
    Problem,
    forbidden,
    invalid,
    required,
    too_long,
)  # fmt: skip
from telltale.kube.codec import Json, Object, dig

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_MOST_ANNOTATIONS = 256 * 1024

NameRule = Callable[[str], str]  # the text of what is wrong, "" when nothing is


def subdomain(name: str) -> str:
    """DNS-1123 subdomain: most names."""
    if len(name) > 253:
        return "must be no more than 253 bytes"
    if not re.fullmatch(_SUBDOMAIN, name):
        return (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
            " '-' or '.', and must start and end with an alphanumeric character (e.g."
            f" 'example.com', regex used for validation is '{_SUBDOMAIN}')"
        )
    return ""


def label(name: str) -> str:
    """DNS-1123 label: namespaces, containers, volumes, port names of Services."""
    if len(name) > 63:
        return "must be no more than 63 bytes"
    if not re.fullmatch(_LABEL, name):
        return (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
            " '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or"
            f" '123-abc', regex used for validation is '{_LABEL}')"
        )
    return ""


def label_1035(name: str) -> str:
    """DNS-1035 label: Services."""
    if len(name) > 63:
        return "must be no more than 63 bytes"
    if not re.fullmatch(_LABEL_1035, name):
        return (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start"
            " with an alphabetic character, and end with an alphanumeric character (e.g."
            f" 'my-name',  or 'abc-123', regex used for validation is '{_LABEL_1035}')"
        )
    return ""


def segment(name: str) -> str:
    """A path segment: RBAC's names."""
    if name in (".", ".."):
        return f"may not be '{name}'"
    for part in ("/", "%"):
        if part in name:
            return f"may not contain '{part}'"
    return ""


def port_name(name: str) -> str:
    """IANA service name: container ports."""
    if len(name) > 15:
        return "must be no more than 15 characters"
    if not re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])*", name) or not re.search("[a-z]", name):
        return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    return ""


def qualified(key: str) -> str:
    """A label's or annotation's key: an optional DNS prefix and a name."""
    prefix, slash, name = key.rpartition("/")
    if slash and (why := subdomain(prefix)):
        return f"prefix part {why}"
    if not name:
        return "name part must be non-empty"
    if len(name) > 63:
        return "name part must be no more than 63 bytes"
    if not re.fullmatch(_NAME, name):
        return (
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start"
            " and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
            f" '123-abc', regex used for validation is '{_NAME}')"
        )
    return ""


def value(text: str) -> str:
    """A label's value."""
    if len(text) > 63:
        return "must be no more than 63 bytes"
    if not re.fullmatch(_VALUE, text):
        return (
            "a valid label must be an empty string or consist of alphanumeric characters, '-',"
            " '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',"
            f"  or 'my_value',  or '12345', regex used for validation is '{_VALUE}')"
        )
    return ""


def labels(found: Json, field: str) -> list[Problem]:
    problems: list[Problem] = []
    for key, given in found.items() if isinstance(found, dict) else ():
        if why := qualified(key):
            problems.append(invalid(field, key, why))
        if why := value(str(given or "")):
            problems.append(invalid(field, given, why))
    return problems


def annotations(found: Json, field: str) -> list[Problem]:
    items = found.items() if isinstance(found, dict) else ()
    problems = [invalid(field, key, why) for key, _ in items if (why := qualified(key.lower()))]
    if sum(len(key) + len(str(given).encode()) for key, given in items) > _MOST_ANNOTATIONS:
        problems.append(too_long(field, _MOST_ANNOTATIONS))
    return problems


def metadata(object: Object, rule: NameRule, field: str = "metadata") -> list[Problem]:
    """The name, labels, annotations, owners and finalizers of an object."""
    name = text(object, "metadata", "name")
    problems: list[Problem] = []
    if not name:
        problems.append(required(f"{field}.name", "name or generateName is required"))
    elif why := rule(name):
        problems.append(invalid(f"{field}.name", name, why))
    problems += labels(dig(object, "metadata", "labels"), f"{field}.labels")
    problems += annotations(dig(object, "metadata", "annotations"), f"{field}.annotations")
    problems += _owners(object, f"{field}.ownerReferences")
    for one in words(object, "metadata", "finalizers"):
        if why := qualified(one):
            problems.append(invalid(f"{field}.finalizers", one, why))
    return problems


def _owners(object: Object, field: str) -> list[Problem]:
    problems: list[Problem] = []
    controllers: list[str] = []
    for one in listed(object, "metadata", "ownerReferences"):
        problems += [
            invalid(f"{field}.{key}", "", "must not be empty")
            for key in ("apiVersion", "kind", "name", "uid")
            if not text(one, key)
        ]
        if one.get("controller") is True:
            controllers.append(f"{text(one, 'kind')}/{text(one, 'name')}")
    if len(controllers) > 1:
        why = (
            'Only one reference can have Controller set to true. Found "true" in references for '
            + " and ".join(controllers[:2])
        )
        problems.append(invalid(field, None, why))
    return problems


def metadata_update(object: Object, old: Object) -> list[Problem]:
    """What an update may not do to metadata."""
    if not dig(old, "metadata", "deletionTimestamp"):
        return []
    known = set(words(old, "metadata", "finalizers"))
    fresh = [one for one in words(object, "metadata", "finalizers") if one not in known]
    if not fresh:
        return []
    quoted = ", ".join(f'"{one}"' for one in fresh)
    why = (
        "no new finalizers can be added if the object is being deleted,"
        f" found new finalizers []string{{{quoted}}}"
    )
    return [forbidden("metadata.finalizers", why)]
