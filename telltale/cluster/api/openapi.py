"""The schemas that clients ask for: /openapi/v3 by group and version, and /openapi/v2. Pure.

Made from Kubernetes' own definitions, cut to the kinds that are served, and from the schemas of
custom resources; made once for each state of the registry, named by its hash.
"""

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache

import orjson

from telltale.cluster.api import discovery, swagger
from telltale.cluster.api.definitions import RELEASE, Definitions, definitions
from telltale.cluster.api.objects import part
from telltale.cluster.api.resources import Registry, Resource
from telltale.kube.codec import Json, Object

_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
_V3, _V2 = "#/components/schemas/", "#/definitions/"
_PATCHES = (
    "application/json-patch+json", "application/merge-patch+json",
    "application/strategic-merge-patch+json", "application/apply-patch+yaml",
)  # fmt: skip
_OPTION: Object = {"type": "string", "uniqueItems": True}


class OpenApi:
    """Documents by path; kept until the registry changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made: dict[str, bytes] = {}
        self._version = -1

    def index(self) -> bytes:
        """GET /openapi/v3."""
        paths: Object = {}
        for prefix in dict.fromkeys(_prefix(one) for one in self._registry):
            digest = hashlib.sha256(self.group(prefix) or b"").hexdigest()[:32].upper()
            paths[prefix] = {"serverRelativeURL": f"/openapi/v3/{prefix}?hash={digest}"}
        return orjson.dumps({"paths": paths})

    def group(self, prefix: str) -> bytes | None:
        """GET /openapi/v3/api/v1 or /openapi/v3/apis/GROUP/VERSION; None when it is not served."""
        found = [one for one in self._registry if _prefix(one) == prefix]
        if not found:
            return None
        return self._kept(prefix, lambda: orjson.dumps(_document(found, v3=True)))

    def swagger(self) -> bytes:
        """GET /openapi/v2, as JSON."""
        return self._kept("swagger", lambda: orjson.dumps(self._whole()))

    def swagger_protobuf(self) -> bytes:
        """GET /openapi/v2, as the protobuf of `swagger.MEDIA`."""
        return self._kept("swagger protobuf", lambda: swagger.encoded(self._whole()))

    def _whole(self) -> Object:
        return _document(list(self._registry), v3=False)

    def _kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        if self._version != self._registry.version:
            self._made, self._version = {}, self._registry.version
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def _prefix(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _document(resources: list[Resource], v3: bool) -> Object:
    known = definitions()
    names = [one for resource in resources for one in _roots(resource, known)]
    schemas: Object = {name: _plain(known.schema(name), v3) for name in _closure(names, known)}
    paths: Object = {}
    for resource in resources:
        if resource.schema is not None:
            schemas[custom_name(resource)] = _custom(resource, v3)
        paths |= _paths(resource, known, v3)
    info: Object = {"title": "Kubernetes", "version": RELEASE}
    if v3:
        return {
            "openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas},
        }  # fmt: skip
    return {"swagger": "2.0", "info": info, "paths": paths, "definitions": schemas}


def custom_name(resource: Resource) -> str:
    """`com.example.v1.Widget`: the group reversed, as the real server names custom schemas."""
    return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])


def _custom(resource: Resource, v3: bool) -> Object:
    schema: Object = {"type": "object", **(resource.schema or {})}
    properties = dict(part(schema, "properties"))
    meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    properties["apiVersion"] = {"type": "string"}
    properties["kind"] = {"type": "string"}
    reference: Object = {"$ref": (_V3 if v3 else _V2) + meta}
    properties["metadata"] = {"allOf": [reference]} if v3 else reference
    return {**schema, "properties": properties, _GVK: [_gvk(resource)]}


_GVK = "x-kubernetes-group-version-kind"


def _gvk(resource: Resource) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _roots(resource: Resource, known: Definitions) -> Iterator[str]:
    yield "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    for kind in (resource.kind, f"{resource.kind}List"):
        if name := known.name(resource.group, resource.version, kind):
            yield name
    for one in resource.subresources:
        group, version, kind, _ = discovery.part(resource, one)
        if name := known.name(group, version, kind):
            yield name


def _closure(names: list[str], known: Definitions) -> list[str]:
    """Those schemas and all that they refer to."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += _references(known.schema(name))
    return sorted(found)


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix("#/$defs/")
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _plain(schema: Json, v3: bool) -> Json:
    """The package's JSON Schema in OpenAPI's words: no null types, references where they belong."""
    if isinstance(schema, list):
        return [_plain(one, v3) for one in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _reference(schema, reference.removeprefix("#/$defs/"), v3)
    found: Object = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, list):
            found[key] = next((one for one in value if one != "null"), "object")
        elif key == "properties" and isinstance(value, dict):
            found[key] = {name: _property(name, one, v3) for name, one in value.items()}
        else:
            found[key] = _plain(value, v3)
    return found


def _property(name: str, schema: Json, v3: bool) -> Json:
    plain = _plain(schema, v3)
    if name in ("apiVersion", "kind") and isinstance(plain, dict):
        plain.pop("enum", None)
    return plain


def _reference(schema: Object, name: str, v3: bool) -> Object:
    described: Object = {key: value for key, value in schema.items() if key != "$ref"}
    if name == _QUANTITY:
        return {**described, "type": "string"}
    if name == _INT_OR_STRING:
        return {**described, "type": "string", "format": "int-or-string"}
    if not v3:
        return {**described, "$ref": _V2 + name}
    return {**described, "allOf": [{"$ref": _V3 + name}]} if described else {"$ref": _V3 + name}


@lru_cache(maxsize=4)
def _query(v3: bool) -> Json:
    names = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")
    if v3:
        return [{"name": one, "in": "query", "schema": dict(_OPTION)} for one in names]
    return [{"name": one, "in": "query", **_OPTION} for one in names]


def _paths(resource: Resource, known: Definitions, v3: bool) -> Object:
    """The operations of a resource; kubectl asks PATCH for `fieldValidation`."""
    name = known.name(resource.group, resource.version, resource.kind)
    if name is None and resource.schema is not None:
        name = custom_name(resource)
    root = f"/{_prefix(resource)}/" + ("namespaces/{namespace}/" if resource.namespaced else "")
    whole: Object = {}
    item: Object = {}
    if "list" in resource.verbs:
        whole["get"] = _operation(resource, "list", name, v3)
        item["get"] = _operation(resource, "get", name, v3)
        item["put"] = _operation(resource, "put", name, v3)
        item["patch"] = _operation(resource, "patch", name, v3)
        item["delete"] = _operation(resource, "delete", name, v3)
    whole["post"] = _operation(resource, "post", name, v3)
    paths: Object = {root + resource.plural: whole}
    if item:
        paths[f"{root}{resource.plural}/{{name}}"] = item
    return paths


def _operation(resource: Resource, action: str, schema: str | None, v3: bool) -> Object:
    reference: Object = {"$ref": (_V3 if v3 else _V2) + schema} if schema else {"type": "object"}
    found: Object = {
        "operationId": f"{action}{resource.group or 'core'}{resource.version}{resource.kind}",
        "x-kubernetes-action": action,
        _GVK: _gvk(resource),
        "parameters": _query(v3) if action in ("post", "put", "patch") else [],
    }
    if v3:
        content: Object = {"application/json": {"schema": reference}}
        found["responses"] = {"200": {"description": "OK", "content": content}}
        if action in ("post", "put", "patch"):
            bodies: Object = {one: {"schema": reference} for one in _media(resource, action)}
            found["requestBody"] = {"content": bodies}
    else:
        found["responses"] = {"200": {"description": "OK", "schema": reference}}
        found["consumes"] = list(_media(resource, action))
        found["produces"] = ["application/json"]
    return found


def _media(resource: Resource, action: str) -> tuple[str, ...]:
    """What a body may be; kubectl applies custom resources by merge patch because of this."""
    if action != "patch":
        return ("application/json",)
    return tuple(one for one in _PATCHES if not (resource.custom and "strategic" in one))
