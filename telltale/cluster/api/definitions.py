"""Kubernetes' own schemas, from the data files of the package kubernetes-validate.

Never: serving them (see `openapi`), or judging an object (see `fields`). Read when first used.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from telltale.cluster.api.objects import listed, part, text
from telltale.kube import codec
from telltale.kube.codec import Object, dig

RELEASE = "v1.32.0"
_REF = "#/$defs/"


class Definitions:
    """Schemas by name, and the name of the schema of a group, version and kind."""

    def __init__(self, schemas: Object) -> None:
        self._schemas = schemas
        self._kinds = dict(_kinds(schemas))

    def name(self, group: str, version: str, kind: str) -> str | None:
        return self._kinds.get((group, version, kind))

    def schema(self, name: str) -> Object:
        return part(self._schemas, name)

    def of(self, group: str, version: str, kind: str) -> Object | None:
        name = self.name(group, version, kind)
        return self.schema(name) if name else None

    def opened(self, schema: Object) -> Object:
        """The schema that a reference means; any other schema as it is."""
        reference = text(schema, "$ref")
        return self.schema(reference.removeprefix(_REF)) if reference else schema


@lru_cache(maxsize=1)
def definitions() -> Definitions:
    found = importlib.util.find_spec("kubernetes_validate")
    assert found and found.submodule_search_locations, "kubernetes-validate is a dependency"
    folder = Path(found.submodule_search_locations[0]) / "kubernetes-json-schema"
    data = (folder / f"{RELEASE}-local" / "_definitions.json").read_bytes()
    return Definitions(part(codec.parse_object(data), "$defs"))


def reference_name(schema: Object) -> str:
    """The name in `{"$ref": ...}`, "" without one."""
    return text(schema, "$ref").removeprefix(_REF)


def _kinds(schemas: Object) -> Iterator[tuple[tuple[str, str, str], str]]:
    for name, schema in schemas.items():
        kinds = listed(schema, "x-kubernetes-group-version-kind")
        if len(kinds) == 1:  # DeleteOptions and the like belong to every group
            one = kinds[0]
            yield (text(one, "group"), text(one, "version"), text(one, "kind")), name


@dataclass(frozen=True, slots=True)
class DefinitionShape:
    """A schema as `kube.patch` needs it."""

    definitions: Definitions
    schema: Object  # with the markers of the field that it was reached by

    @property
    def merges(self) -> bool:
        return "merge" in text(self.schema, "x-kubernetes-patch-strategy").split(",")

    @property
    def replaces(self) -> bool:
        return "replace" in text(self.schema, "x-kubernetes-patch-strategy").split(",")

    @property
    def merge_key(self) -> str:
        return text(self.schema, "x-kubernetes-patch-merge-key")

    def field(self, name: str) -> "DefinitionShape":
        opened = self.definitions.opened(self.schema)
        found = dig(opened, "properties", name)
        if not isinstance(found, dict):
            found = dig(opened, "additionalProperties")
        return DefinitionShape(self.definitions, found if isinstance(found, dict) else {})

    def element(self) -> "DefinitionShape":
        return DefinitionShape(self.definitions, part(self.schema, "items"))
