"""From which objects a resource was made, by the notes that are in it. Pure.

Clusters and routes carry the path of their object (`filter_metadata.istio.config`), a listener
those of the routes and filters in it, and each what `patching.notes` says of its patches.
Never: what an object is.
"""

from collections.abc import Iterator

from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import MessageToDict

from telltale.pilot.patching.notes import patches

_TELLING = 3  # a shorter string stands in a text by chance


def origins(packed: bytes, error: str) -> tuple[str, ...]:
    """Paths of objects. Of several only those that made what the text speaks of, if any did.

    Patches are named with their entry, and before what they changed.
    """
    try:
        plain = MessageToDict(Packed.FromString(packed), preserving_proto_field_name=True)
    except TypeError:
        return ()  # a type that we do not know: an EnvoyFilter may bring it
    found: dict[str, int] = {}
    for path, part in _noted(plain):
        found[path] = max(found.get(path, 0), _spoken_of(part, error))
    most = max(found.values(), default=0)
    patched = patches(plain)
    if patched and not most:
        return patched  # what we make ourselves Envoy takes
    return (*patched, *sorted(path for path, told in found.items() if told == most))


def _noted(value: object) -> Iterator[tuple[str, object]]:
    """Every part with a note of its origin."""
    if isinstance(value, dict):
        if path := _note(value):
            yield path, {key: one for key, one in value.items() if key != "metadata"}
        for one in value.values():
            yield from _noted(one)
    elif isinstance(value, list):
        for one in value:
            yield from _noted(one)


def _note(value: dict[str, object]) -> str:
    found: object = value
    for key in ("metadata", "filter_metadata", "istio", "config"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _spoken_of(value: object, error: str) -> int:
    """The length of the longest string in it that stands in the text."""
    if isinstance(value, str):
        return len(value) if len(value) >= _TELLING and value in error else 0
    if isinstance(value, dict):
        return max((_spoken_of(one, error) for one in value.values()), default=0)
    if isinstance(value, list):
        return max((_spoken_of(one, error) for one in value), default=0)
    return 0
