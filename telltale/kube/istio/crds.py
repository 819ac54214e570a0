"""The definitions of our kinds (CRDs), made from their types. Pure. Never: a schema by hand."""

from telltale.kube.codec import Json, Object
from telltale.kube.istio.kinds import DEFINITIONS, Definition
from telltale.kube.schema import schema_of

_STATUS: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_AGE: Object = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def definitions() -> list[Object]:
    """All of them, ready to be applied to any Kubernetes."""
    return [crd(one) for one in DEFINITIONS]


def crd(of: Definition) -> Object:
    kind = of.kind
    names: Object = {
        "kind": kind.kind, "listKind": f"{kind.kind}List", "plural": kind.plural,
        "singular": kind.kind.lower(), "shortNames": list(of.short),
        "categories": ["istio-io", kind.group.replace(".", "-")],
    }  # fmt: skip
    versions: list[Json] = [_version(of, kind.version, storage=True)]
    versions += [_version(of, one, storage=False) for one in of.also]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}", "labels": {"app": "pilot"}},
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
    return {
        "name": name, "served": True, "storage": storage, "subresources": {"status": {}},
        "additionalPrinterColumns": [*of.columns, _AGE],
        "schema": {"openAPIV3Schema": schema},
    }  # fmt: skip
