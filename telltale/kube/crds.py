"""The definition of a kind of ours (its CRD), made from its type. Pure. Never: a schema by hand."""

from dataclasses import dataclass, field

import msgspec

from telltale.kube.codec import Json, Object, encode, parse_object
from telltale.kube.kinds import Kind
from telltale.kube.meta import Config
from telltale.kube.schema import schema_of

_STATUS: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_AGE: Object = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a CustomResourceDefinition says of a kind."""

    kind: Kind[Config]
    spec: type[msgspec.Struct]
    short: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # further versions that are served
    columns: tuple[Object, ...] = ()  # what `kubectl get` shows besides name and age
    categories: tuple[str, ...] = ("istio-io",)
    annotations: dict[str, str] = field(default_factory=dict)


def column(name: str, path: str, text: str) -> Object:
    return {"name": name, "type": "string", "jsonPath": path, "description": text}


def crd(of: Definition) -> Object:
    """Ready to be applied to any Kubernetes."""
    kind = of.kind
    names: Object = {
        "kind": kind.kind, "listKind": f"{kind.kind}List", "plural": kind.plural,
        "singular": kind.kind.lower(), "shortNames": list(of.short),
        "categories": [*of.categories, kind.group.replace(".", "-")],
    }  # fmt: skip
    versions: list[Json] = [_version(of, kind.version, storage=True)]
    versions += [_version(of, one, storage=False) for one in of.also]
    metadata: Object = {"name": f"{kind.plural}.{kind.group}", "labels": {"app": "pilot"}}
    if of.annotations:
        metadata["annotations"] = {**of.annotations}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": kind.group, "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": names, "versions": versions,
        },
    }  # fmt: skip


def _version(of: Definition, name: str, *, storage: bool) -> Object:
    schema: Object = {
        "type": "object",
        "properties": {"spec": schema_of(of.spec), "status": _STATUS},
    }
    version: Object = {
        "name": name, "served": True, "storage": storage, "subresources": {"status": {}},
        "additionalPrinterColumns": [*of.columns, _AGE],
        "schema": {"openAPIV3Schema": schema},
    }  # fmt: skip
    return parse_object(encode(version))  # nothing shared: written to a file it has no anchors
