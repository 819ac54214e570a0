"""URL paths to what they name. Pure. Never: a verb's meaning."""

from dataclasses import dataclass
from urllib.parse import unquote

from telltale.cluster.api.request import Target
from telltale.cluster.api.resources import Registry, Resource


class NoSuchPath(Exception):
    """Nothing is served there: plain 404."""


class NoSuchResource(Exception):
    """The group is served, the resource is not: a 404 Status."""


@dataclass(frozen=True, slots=True)
class _Place:
    group: str
    version: str
    parts: list[str]


def target(path: str, registry: Registry) -> Target:
    """What the path names. Raises `NoSuchPath` and `NoSuchResource`."""
    place = _place(path)
    if len(place.parts) >= 3 and place.parts[0] == "namespaces":
        found = registry.find(place.group, place.version, place.parts[2])
        if found and found.namespaced:
            return _named(found, place.parts[1], place.parts[3:])
    found = registry.find(place.group, place.version, place.parts[0])
    if found is None:
        known = any((one.group, one.version) == (place.group, place.version) for one in registry)
        raise NoSuchResource if known else NoSuchPath
    if found.namespaced and len(place.parts) > 1:
        raise NoSuchResource
    return _named(found, "", place.parts[1:])


def _place(path: str) -> _Place:
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:
        return _Place("", parts[1], _decoded(parts[2:]))
    if parts[0] == "apis" and len(parts) >= 4:
        return _Place(parts[1], parts[2], _decoded(parts[3:]))
    raise NoSuchPath


def _decoded(parts: list[str]) -> list[str]:
    """An encoded slash never becomes a path separator: it is part of a name, and then refused."""
    return [unquote(part) for part in parts]


def _named(resource: Resource, namespace: str, parts: list[str]) -> Target:
    name = parts[0] if parts else ""
    subresource = parts[1] if len(parts) > 1 else ""
    rest = "/".join(parts[2:])
    if "/" in name or "/" in namespace or "" in parts[:1]:
        raise NoSuchResource
    if subresource and subresource not in resource.subresources:
        raise NoSuchResource
    if rest and subresource != "proxy":
        raise NoSuchResource
    return Target(resource, namespace, name, subresource, rest)
