"""What a Gateway's `parametersRef` lays upon the objects that are made for it. Pure.

A ConfigMap with a key for each object (`deployment`, `service`, ...), which holds YAML that is
merged on top as kubectl would (strategic merge). `horizontalPodAutoscaler` and
`podDisruptionBudget` are made only where it has them. Never: whose an object is, or its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from telltale.kube import codec, patch
from telltale.kube.codec import Malformed, Object
from telltale.kube.errors import BadRequest
from telltale.kube.gatewayapi.gateways import Gateway
from telltale.kube.gatewayapi.parameters import KINDS
from telltale.pilot.intake.gatewayapi.subject import Subject, Wrong
from telltale.pilot.intake.gatewayapi.world import World

_PLACE = "spec.infrastructure.parametersRef"
_KEYS = {
    "containers": ("name",), "initContainers": ("name",), "volumes": ("name",), "env": ("name",),
    "volumeMounts": ("mountPath",), "imagePullSecrets": ("name",), "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",), "ports": ("containerPort", "port"),
}  # fmt: skip
Overlays = Mapping[str, Object]  # by kind


def read(subject: Subject, spec: Gateway, world: World) -> Overlays | Wrong:
    """Empty where nothing is asked for."""
    ref = spec.infrastructure.parameters_ref if spec.infrastructure else None
    if ref is None:
        return {}
    if (ref.group, ref.kind) != ("", "ConfigMap"):
        return _wrong(_PLACE, f'"{ref.kind}" holds no parameters', "name a ConfigMap")
    held = world.texts.get((subject.namespace, ref.name))
    if held is None:
        what = f"ConfigMap {subject.namespace}/{ref.name} is not there, or has none of the keys"
        return _wrong(_PLACE, what, f"create it with any of {', '.join(KINDS)}")
    found: dict[str, Object] = {}
    for key, text in held.items():
        place = f"{_PLACE}: {key}"
        if key not in KINDS:
            return _wrong(place, "is no object of a Gateway", f"use {', '.join(KINDS)}")
        try:
            documents = codec.parse_yaml(text)
            if len(documents) != 1:
                return _wrong(place, f"holds {len(documents)} objects", "write one")
            patch.strategic_patch({}, documents[0], _shape(KINDS[key]))
        except (Malformed, BadRequest) as error:
            return _wrong(place, str(error), "write it as a patch of the object")
        found[KINDS[key]] = documents[0]
    return found


def laid(overlays: Overlays, upon: Object) -> Object:
    """An object with its overlay; what it is and whose stays as it was."""
    overlay = overlays.get(str(upon["kind"]))
    if overlay is None:
        return upon
    merged = patch.strategic_patch(upon, overlay, _shape(str(upon["kind"])))
    kept, given = upon["metadata"], merged.get("metadata")
    if isinstance(kept, dict):
        fixed = {key: kept[key] for key in ("name", "namespace", "ownerReferences")}
        merged["metadata"] = {**(given if isinstance(given, dict) else {}), **fixed}
    return {**merged, "apiVersion": upon["apiVersion"], "kind": upon["kind"]}


def _wrong(place: str, what: str, hint: str) -> Wrong:
    return Wrong("InvalidParameters", place, what, hint)


@dataclass(frozen=True, slots=True)
class _Shape(patch.Shape):
    """Which lists of an object are merged, and by what (the API's `patchMergeKey`)."""

    merge_key: str = ""
    merges: bool = False
    replaces: bool = False
    number: int = 0  # of the keys that a name has, the one that the kind of object uses

    def field(self, name: str) -> patch.Shape:
        keys = _KEYS.get(name, ())
        key = keys[min(self.number, len(keys) - 1)] if keys else ""
        return _Shape(key, merges=bool(key), number=self.number)

    def element(self) -> patch.Shape:
        return _Shape(number=self.number)


def _shape(kind: str) -> _Shape:
    return _Shape(number=1 if kind == "Service" else 0)
