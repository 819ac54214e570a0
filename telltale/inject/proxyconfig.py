"""Istio's ProxyConfig, as far as the agent follows it: checked where it is written, not in the pod.

Fields that nobody here knows are passed on: the agent leaves them alone. Pure.
Never: a default (the agent has them).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from telltale.kube import codec
from telltale.kube.codec import Json, Malformed, Object
from telltale.model.startup import Startup


def read(text: str) -> Object:
    """A ProxyConfig in YAML; empty text is an empty one. Raises `Malformed`."""
    if not text.strip():
        return {}
    documents = codec.parse_yaml(text)
    if len(documents) != 1:
        raise Malformed(f"expected one ProxyConfig, found {len(documents)} documents")
    check(documents[0])
    return documents[0]


def check(config: Mapping[str, Json]) -> None:
    """Raises `Malformed`, naming the field, its value and what is accepted."""
    for name, form in _FIELDS.items():
        value = config.get(name)
        if value is not None and not form.fits(value):
            raise Malformed(f"{name}: {value!r} is not {form.accepted}")


def laid(*layers: Mapping[str, Json]) -> Object:
    """Each over the one before: field by field, `proxyMetadata` by name."""
    metadata: Object = {}
    result: Object = {}
    for one in layers:
        given = one.get("proxyMetadata")
        metadata |= given if isinstance(given, dict) else {}
        result |= one
    return {**result, "proxyMetadata": metadata} if metadata else result


def of(startup: Startup) -> Object:
    """What objects of kind ProxyConfig say, in the same words."""
    found: Object = {}
    if startup.workers is not None:
        found["concurrency"] = startup.workers
    if startup.variables:
        found["proxyMetadata"] = {**startup.variables}
    return found


@dataclass(frozen=True, slots=True)
class _Form:
    accepted: str
    fits: Callable[[Json], bool]


_DURATION = re.compile(r"[0-9]+(\.[0-9]+)?(ms|s|m|h)")
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:/\s]+):[0-9]{1,5}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _is_text(pattern: re.Pattern[str]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_variables(value: Json) -> bool:
    return isinstance(value, dict) and all(
        _VARIABLE.fullmatch(str(name)) and isinstance(one, str | int | float | bool)
        for name, one in value.items()
    )


_A_DURATION = _Form("a duration such as 5s or 500ms", _is_text(_DURATION))
_A_PORT = _Form("a port (1-65535)", lambda value: _is_count(value) and value in range(1, 65536))
_FIELDS: Mapping[str, _Form] = {
    "concurrency": _Form("a whole number of 0 or more", _is_count),
    "discoveryAddress": _Form("HOST:PORT", _is_text(_ADDRESS)),
    "drainDuration": _A_DURATION,
    "holdApplicationUntilProxyStarts": _Form("true or false", lambda v: isinstance(v, bool)),
    "proxyAdminPort": _A_PORT,
    "proxyMetadata": _Form("a map of environment variables to texts", _are_variables),
    "terminationDrainDuration": _A_DURATION,
}
