"""`telltale inject -f`: YAML in, the same YAML with sidecars in its pods out. Pure: text to text.

A document that holds no pod, or none that gets a sidecar, stays as it was to the letter, comments
included. Never: a namespace's label, which no file tells; who runs this wants sidecars.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from telltale.inject.decide import wanted
from telltale.inject.settings import SidecarSettings
from telltale.inject.sidecar import inject
from telltale.inject.workload import Workload
from telltale.kube import codec
from telltale.kube.codec import Json, Malformed, Object, dig

Change = Callable[[Object], Object]

_TEMPLATE = ("spec", "template")
_PLACES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def inject_text(text: str, settings: SidecarSettings) -> str:
    """Raises `Malformed`, naming the document by its number and the object in it."""
    parts = []
    for number, document in enumerate(_documents(text), 1):
        value = _parsed(document.text, number)
        changed = _changed(value, f"document {number}", settings)
        parts.append(document.text if changed is value else document.lead + _dumped(changed))
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Document:
    """A stretch of the stream; `lead` is what stands above its first line of content."""

    text: str
    lead: str


def _documents(text: str) -> Iterator[_Document]:
    """The stream cut at its `---` lines, so that joining the parts gives it back."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith("---") and line[3:4] in ("", " ", "\t", "\r", "\n") and lines:
            yield _cut(lines)
            lines = []
        lines.append(line)
    if lines:
        yield _cut(lines)


def _cut(lines: list[str]) -> _Document:
    lead = []
    for line in lines:
        if not (line.startswith(("#", "---")) or not line.strip()):
            break
        lead.append(line)
    return _Document("".join(lines), "".join(lead))


def _parsed(text: str, number: int) -> Json:
    try:
        value: Json = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise Malformed(f"document {number}: {' '.join(str(error).split())}") from error
    if value is not None and not isinstance(value, dict):
        raise Malformed(f"document {number}: expected an object, found {type(value).__name__}")
    return value


def _dumped(value: Json) -> str:
    assert isinstance(value, dict)
    return codec.to_yaml([value])


def _changed(value: Json, where: str, settings: SidecarSettings) -> Json:
    """The value with its pod injected, or the very same value when there is nothing to do."""
    if not isinstance(value, dict):
        return value
    kind = str(value.get("kind", ""))
    if kind.endswith("List") and isinstance(items := value.get("items"), list):
        changed = [
            _changed(item, f"{where}, item {number}", settings)
            for number, item in enumerate(items, 1)
        ]
        same = all(new is old for new, old in zip(changed, items, strict=True))
        return value if same else {**value, "items": changed}
    if kind not in _PLACES:
        return value
    namespace = str(dig(value, "metadata", "namespace", default="default"))
    name = str(dig(value, "metadata", "name", default=""))
    owner = Workload(name, kind, str(value.get("apiVersion", ""))) if kind != "Pod" else None
    try:
        return _placed(value, _PLACES[kind], lambda pod: _pod(pod, namespace, settings, owner))
    except Malformed as error:
        raise Malformed(f"{where} ({kind.lower()} {namespace}/{name}): {error}") from error


def _pod(pod: Object, namespace: str, settings: SidecarSettings, owner: Workload | None) -> Object:
    return inject(pod, namespace, settings, owner) if wanted(pod, namespace).inject else pod


def _placed(value: Object, path: tuple[str, ...], change: Change) -> Object:
    """`value` with what is at `path` changed; the very same value when that stays the same."""
    if not path:
        return change(value)
    inner = value.get(path[0])
    if not isinstance(inner, dict):
        raise Malformed(f"{path[0]} is missing")
    changed = _placed(inner, path[1:], change)
    return value if changed is inner else {**value, path[0]: changed}
