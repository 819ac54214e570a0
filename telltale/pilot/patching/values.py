"""The value of a patch, JSON, as the message of Envoy's API that it is meant to be. Pure.

Any type of Envoy's API may stand in a `@type`; its module is loaded when somebody names it. Never:
where the value goes.
"""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain, ListenerFilter
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from telltale.model.patch import Part

SHAPES: Mapping[Part, type[Message]] = {
    Part.LISTENER: Listener,
    Part.CHAIN: FilterChain,
    Part.NETWORK_FILTER: Filter,
    Part.HTTP_FILTER: hcm.HttpFilter,
    Part.LISTENER_FILTER: ListenerFilter,
    Part.TABLE: RouteConfiguration,
    Part.VIRTUAL_HOST: VirtualHost,
    Part.ROUTE: Route,
    Part.CLUSTER: Cluster,
    Part.EXTENSION: TypedExtensionConfig,
}
_PACKAGE = re.compile(r"(envoy|udpa|xds)(\.[a-z][a-z0-9_]*)+")
_KNOWN = ("google.protobuf",)


class Unfit(ValueError):
    """A value that is no such message; says why."""


@lru_cache(1024)
def parse(part: Part, value: str) -> Message:
    """Raises `Unfit`. Whoever changes what comes back copies it first."""
    found = json.loads(value)
    for name in {*_types(found)}:
        load(name)
    made = SHAPES[part]()
    try:
        ParseDict(found, made)
    except ParseError as error:
        raise Unfit(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise Unfit("is nested too deeply") from error
    return made


def load(type_name: str) -> None:
    """Make a type known by its full name. Raises `Unfit` when Envoy's API has none of the name."""
    package, _, _ = type_name.rpartition(".")
    if package in _KNOWN:
        return
    if not _PACKAGE.fullmatch(package):
        raise Unfit(f"{type_name!r} is not a type of Envoy's API")
    try:
        found = importlib.import_module(package)
        for one in pkgutil.iter_modules(getattr(found, "__path__", ())):
            if one.name.endswith("_pb2"):
                importlib.import_module(f"{package}.{one.name}")
    except ImportError as error:
        raise Unfit(f"{type_name!r} is not a type of Envoy's API") from error


def _types(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        found = value.get("@type")
        if isinstance(found, str):
            yield found.rpartition("/")[2]
        for one in value.values():
            yield from _types(one)
    elif isinstance(value, list):
        for one in value:
            yield from _types(one)
