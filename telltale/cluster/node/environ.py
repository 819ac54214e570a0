"""A container's environment, and `$(NAME)` in its arguments. Pure.

Later wins: the image's, Services, envFrom, env. A value may refer to those before it.
"""

import base64
import re
from collections.abc import Iterable, Mapping

from telltale.cluster.node import fields
from telltale.cluster.node.sources import Missing, Placed, Sources
from telltale.kube.core import Container, EnvFrom, EnvSource, KeySelector
from telltale.kube.service import Service

_REFERENCE = re.compile(r"\$(?:\$|\(([^()$]*)\))")
_NAME = re.compile(r"^[-._a-zA-Z][-._a-zA-Z0-9]*$")


def environment(
    container: Container, placed: Placed, sources: Sources, start: Mapping[str, str]
) -> dict[str, str]:
    """All of it, `start` (the image's) included. Raises `Missing`."""
    found = dict(start)
    links = placed.pod.spec.enable_service_links is not False
    found.update(of_services(sources.services(), placed.pod.metadata.namespace, links=links))
    for many in container.env_from:
        found.update(_many(many, placed.pod.metadata.namespace, sources))
    for one in container.env:
        if one.value_from is None:
            found[one.name] = expand(one.value, found)
            continue
        value = _one(one.value_from, container, placed, sources)
        if value is not None:
            found[one.name] = value
    return found


def expand(text: str, values: Mapping[str, str]) -> str:
    """`$(NAME)` replaced where NAME is known; `$$` is a dollar."""

    def replaced(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        return values.get(match[1], match[0])

    return _REFERENCE.sub(replaced, text)


def of_services(services: Iterable[Service], namespace: str, *, links: bool) -> dict[str, str]:
    """The variables of a namespace's Services, and always of default/kubernetes."""
    found: dict[str, str] = {}
    chosen = {}
    for service in services:
        meta, address = service.metadata, service.spec.cluster_ip
        api = (meta.namespace, meta.name) == ("default", "kubernetes")
        own = links and meta.namespace == namespace
        usable = bool(address and address != "None" and service.spec.ports)
        if usable and (own or (api and meta.name not in chosen)):
            chosen[meta.name] = service
    for _, service in sorted(chosen.items()):
        found.update(_of_service(service))
    return found


def _of_service(service: Service) -> dict[str, str]:
    name = _upper(service.metadata.name)
    address, ports = service.spec.cluster_ip, service.spec.ports
    first = ports[0]
    found = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(first.port)}
    found |= {f"{name}_SERVICE_PORT_{_upper(one.name)}": str(one.port) for one in ports if one.name}
    found[f"{name}_PORT"] = f"{first.protocol.lower()}://{address}:{first.port}"
    for one in ports:
        prefix = f"{name}_PORT_{one.port}_{one.protocol.upper()}"
        found[prefix] = f"{one.protocol.lower()}://{address}:{one.port}"
        found[f"{prefix}_PROTO"] = one.protocol.lower()
        found[f"{prefix}_PORT"] = str(one.port)
        found[f"{prefix}_ADDR"] = address
    return found


def _many(many: EnvFrom, namespace: str, sources: Sources) -> dict[str, str]:
    if many.config_map_ref:
        name, optional = many.config_map_ref.name, many.config_map_ref.optional
        map = sources.config_map(namespace, name)
        data = map.data if map else None
        kind = "configmap"
    elif many.secret_ref:
        name, optional = many.secret_ref.name, many.secret_ref.optional
        secret = sources.secret(namespace, name)
        data = {key: _text(value) for key, value in secret.data.items()} if secret else None
        kind = "secret"
    else:
        return {}
    if data is None:
        if optional:
            return {}
        raise Missing(f'{kind} "{name}" not found')
    named = {many.prefix + key: value for key, value in data.items()}
    return {key: value for key, value in named.items() if _NAME.match(key)}


def _one(source: EnvSource, own: Container, placed: Placed, sources: Sources) -> str | None:
    """None when it is optional and not there."""
    namespace = placed.pod.metadata.namespace
    if source.field_ref:
        return fields.field(placed, source.field_ref.field_path)
    if source.resource_field_ref:
        return fields.resource(placed, source.resource_field_ref, own.name)
    if wanted := source.config_map_key_ref:
        map = sources.config_map(namespace, wanted.name)
        return _key(wanted, map.data if map else None, "ConfigMap", namespace)
    if wanted := source.secret_key_ref:
        secret = sources.secret(namespace, wanted.name)
        value = _key(wanted, secret.data if secret else None, "Secret", namespace)
        return None if value is None else _text(value)
    return ""


def _key(
    wanted: KeySelector, data: Mapping[str, str] | None, kind: str, namespace: str
) -> str | None:
    if data is not None and wanted.key in data:
        return data[wanted.key]
    if wanted.optional:
        return None
    if data is None:
        raise Missing(f'{kind.lower()} "{wanted.name}" not found')
    raise Missing(f"couldn't find key {wanted.key} in {kind} {namespace}/{wanted.name}")


def _text(value: str) -> str:
    return base64.b64decode(value).decode(errors="surrogateescape")


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")
