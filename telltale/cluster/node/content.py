"""What is in a volume that is made of objects: configMap, secret, downwardAPI, projected. Pure."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telltale.cluster.node import fields
from telltale.cluster.node.sources import Missing, Placed, Sources
from telltale.kube.core import (
    ConfigMapSource,
    DownwardSource,
    KeyToPath,
    ProjectedSource,
    SecretSource,
    Volume,
)


@dataclass(frozen=True, slots=True)
class File:
    data: bytes
    mode: int = 0o644


Files = dict[str, File]  # by path below the volume
Tokens = Mapping[str, str]  # by their path in the volume


def of_objects(volume: Volume) -> bool:
    """Whether a volume is one of those."""
    return bool(volume.config_map or volume.secret or volume.downward_api or volume.projected)


def files(volume: Volume, placed: Placed, sources: Sources, tokens: Tokens) -> Files:
    """A volume's files. Raises `Missing`."""
    if volume.config_map:
        return _config_map(volume.config_map, placed, sources)
    if volume.secret:
        return _secret(volume.secret, placed, sources)
    if volume.downward_api:
        return _downward(volume.downward_api, placed)
    if volume.projected:
        return _projected(volume.projected, placed, sources, tokens)
    return {}


def draws_on(volume: Volume) -> set[tuple[str, str]]:
    """The objects (kind, name) whose change changes the volume."""
    found = set()
    projected = volume.projected.sources if volume.projected else []
    for map in (volume.config_map, *(item.config_map for item in projected)):
        if map:
            found.add(("ConfigMap", map.name))
    for secret in (volume.secret, *(item.secret for item in projected)):
        if secret:
            found.add(("Secret", secret.secret_name or secret.name))
    return found


def _projected(source: ProjectedSource, placed: Placed, sources: Sources, tokens: Tokens) -> Files:
    found: Files = {}
    for item in source.sources:
        if item.config_map:
            found |= _config_map(item.config_map, placed, sources)
        elif item.secret:
            found |= _secret(item.secret, placed, sources)
        elif item.downward_api:
            found |= _downward(item.downward_api, placed)
        elif item.service_account_token:
            path = item.service_account_token.path
            found[path] = File(tokens[path].encode())
    default = source.default_mode
    return {
        path: File(file.data, default if file.mode == 0o644 else file.mode)
        for path, file in found.items()
    }


def _config_map(source: ConfigMapSource, placed: Placed, sources: Sources) -> Files:
    map = sources.config_map(placed.pod.metadata.namespace, source.name)
    if map is None:
        if source.optional:
            return {}
        raise Missing(f'configmap "{source.name}" not found')
    data = {key: value.encode() for key, value in map.data.items()}
    data |= {key: base64.b64decode(value) for key, value in map.binary_data.items()}
    return _picked(data, source.items, source.default_mode, "configmap", optional=source.optional)


def _secret(source: SecretSource, placed: Placed, sources: Sources) -> Files:
    name = source.secret_name or source.name
    secret = sources.secret(placed.pod.metadata.namespace, name)
    if secret is None:
        if source.optional:
            return {}
        raise Missing(f'secret "{name}" not found')
    data = {key: base64.b64decode(value) for key, value in secret.data.items()}
    return _picked(data, source.items, source.default_mode, "secret", optional=source.optional)


def _picked(
    data: Mapping[str, bytes], items: Sequence[KeyToPath], mode: int, kind: str, *, optional: bool
) -> Files:
    if not items:
        return {key: File(value, mode) for key, value in data.items()}
    found: Files = {}
    for item in items:
        if item.key in data:
            found[_safe(item.path)] = File(data[item.key], item.mode or mode)
        elif not optional:
            word = "config" if kind == "configmap" else "secret"
            raise Missing(f"{kind} references non-existent {word} key: {item.key}")
    return found


def _downward(source: DownwardSource, placed: Placed) -> Files:
    found: Files = {}
    for item in source.items:
        if item.field_ref:
            text = fields.field(placed, item.field_ref.field_path)
        elif item.resource_field_ref:
            text = fields.resource(placed, item.resource_field_ref, "")
        else:
            continue
        found[_safe(item.path)] = File(text.encode(), item.mode or source.default_mode)
    return found


def _safe(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise Missing(f"invalid path {path!r}: must be relative and without '..'")
    return path
