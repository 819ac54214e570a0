"""A change that a user makes to what proxies are told, in the proxies' own words.

The words are kept as they are written; who tells proxies what to do reads them. Never: Kubernetes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telltale.model.scope import Labels, Origin, Scope

VERSION = "ISTIO_VERSION"  # by what a proxy says which it is


class Part(StrEnum):
    """What is changed, by its name in the field."""

    LISTENER = "LISTENER"
    CHAIN = "FILTER_CHAIN"
    NETWORK_FILTER = "NETWORK_FILTER"
    HTTP_FILTER = "HTTP_FILTER"
    LISTENER_FILTER = "LISTENER_FILTER"
    TABLE = "ROUTE_CONFIGURATION"
    VIRTUAL_HOST = "VIRTUAL_HOST"
    ROUTE = "HTTP_ROUTE"
    CLUSTER = "CLUSTER"
    EXTENSION = "EXTENSION_CONFIG"


class Change(StrEnum):
    MERGE = "MERGE"
    MERGE_LISTS_ANEW = "MERGE_AND_REPLACE_LIST"
    ADD = "ADD"
    REMOVE = "REMOVE"
    BEFORE = "INSERT_BEFORE"
    AFTER = "INSERT_AFTER"
    FIRST = "INSERT_FIRST"
    REPLACE = "REPLACE"


class Context(StrEnum):
    ANY = "ANY"
    INBOUND = "SIDECAR_INBOUND"
    OUTBOUND = "SIDECAR_OUTBOUND"
    GATEWAY = "GATEWAY"


@dataclass(frozen=True, slots=True)
class Where:
    """What must hold for a place to be meant; what is "" or 0 asks nothing."""

    context: Context = Context.ANY
    version: str = ""  # of the proxy: a regular expression
    metadata: Labels = ()
    port: int = 0
    name: str = ""  # of the listener, the table, the cluster
    chain: str = ""
    sni: str = ""
    transport: str = ""
    protocols: tuple[str, ...] = ()
    destination_port: int = 0
    filter: str = ""
    sub_filter: str = ""
    listener_filter: str = ""
    gateway: str = ""
    host: str = ""
    domain: str = ""
    route: str = ""
    action: str = "ANY"
    service: str = ""
    subset: str = ""


@dataclass(frozen=True, slots=True)
class Patch:
    """One entry, the `index`th of its object. `value` is JSON, "" for none.

    `extension`: the name of the module that it puts in place.
    """

    origin: Origin
    scope: Scope
    index: int
    part: Part
    change: Change
    where: Where = field(default_factory=Where)
    value: str = ""
    phase: str = ""
    priority: int = 0
    extension: str = ""


    def asks_of(self) -> tuple[str, ...]:
        """What it asks of a proxy's own word about itself."""
        version = (VERSION,) if self.where.version else ()
        return (*version, *(key for key, _ in self.where.metadata))

    def means(self, said: Mapping[str, str]) -> bool:
        """Whether proxies that say this of themselves are meant."""
        where = self.where
        version = re.search(where.version, said.get(VERSION, "")) if where.version else True
        return bool(version) and all(said.get(key) == value for key, value in where.metadata)


def ordered(patches: tuple[Patch, ...], root: str) -> tuple[Patch, ...]:
    """By priority, then the root namespace's, then the eldest, then as they are written."""

    def place(one: Patch) -> tuple[object, ...]:
        return one.priority, one.origin.namespace != root, one.origin, one.scope.selector, one.index

    return tuple(sorted(patches, key=place))
