"""Which patches a resource bears: a note in it, for whoever asks why a proxy rejects it. Pure.

Never: what a patch does.
"""

from collections.abc import Mapping

from google.protobuf.message import Message

from telltale.model.patch import Patch

_KEY, _ENTRY = "patches", "#"


def noted(resource: Message, patch: Patch) -> None:
    """Clusters, listeners and tables have metadata of their own; what has none stays as it is."""
    if "metadata" not in resource.DESCRIPTOR.fields_by_name:
        return
    note = resource.metadata.filter_metadata["telltale"]  # type: ignore[attr-defined]
    entry = "" if patch.phase else f"{_ENTRY}{patch.index}"  # a module is its object's only one
    before = note[_KEY].split() if _KEY in note else []
    note[_KEY] = " ".join(dict.fromkeys([*before, f"{patch.origin.path}{entry}"]))


def patches(resource: Mapping[str, object]) -> tuple[str, ...]:
    """Paths of the objects, each with its entry, of a resource in plain words."""
    found: object = resource
    for key in ("metadata", "filter_metadata", "telltale", _KEY):
        found = found.get(key) if isinstance(found, Mapping) else None
    return tuple(found.split()) if isinstance(found, str) else ()


def parted(path: str) -> tuple[str, str]:
    """The object's path and the field of the entry."""
    object, found, entry = path.partition(_ENTRY)
    return object, f"spec.configPatches[{entry}]" if found else "spec"
