"""Volumes that a pod's annotations give its sidecar, as for a certificate that it shows. Pure.

`sidecar.istio.io/userVolume` and `userVolumeMount` are JSON: a list of volumes (mounts), or an
object of them by name. Raises `Malformed`. Never: what is in a volume, or whether it is there.
"""

import json
from collections.abc import Iterator, Mapping

from telltale.kube.codec import Json, Malformed, Object

VOLUMES = "sidecar.istio.io/userVolume"
MOUNTS = "sidecar.istio.io/userVolumeMount"


def volumes(notes: Mapping[str, Json]) -> tuple[Object, ...]:
    return tuple(_read(notes, VOLUMES))


def mounts(notes: Mapping[str, Json]) -> tuple[Object, ...]:
    found = tuple(_read(notes, MOUNTS))
    for one in found:
        if not isinstance(one.get("mountPath"), str):
            raise Malformed(f"annotation {MOUNTS}: {one['name']!r} has no mountPath")
    return found


def _read(notes: Mapping[str, Json], annotation: str) -> Iterator[Object]:
    text = notes.get(annotation)
    if text is None:
        return
    try:
        given = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        given = None
    if isinstance(given, dict):
        named = [{**one, "name": name} if isinstance(one, dict) else None
                 for name, one in given.items()]  # fmt: skip
    else:
        named = given if isinstance(given, list) else [None]
    for one in named:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise Malformed(
                f"annotation {annotation}: {text!r} is not a JSON list of objects with a name, "
                "or an object of them by name"
            )
        yield one
