"""One patch on what is within a listener: chains, filters, the routes that stand in place. Pure."""

from collections.abc import Iterator

from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)
from google.protobuf.message import Message

from telltale.model.patch import Change, Part, Patch
from telltale.pilot.patching import meant, phases, tables
from telltale.pilot.patching.lists import Edit
from telltale.pilot.patching.merging import merge
from telltale.pilot.patching.values import parse

_HTTP = "type.googleapis.com/" + hcm.HttpConnectionManager.DESCRIPTOR.full_name
_ENDS = {"envoy.filters.network.http_connection_manager", "envoy.filters.network.tcp_proxy"}
_TABLES = (Part.TABLE, Part.VIRTUAL_HOST, Part.ROUTE)


def change(patch: Patch, listener: Listener) -> bool:
    """Whether the patch means anything in it. Raises `Unfit`."""
    if patch.part in _TABLES:
        return _inline_tables(patch, listener)
    if not meant.listener(patch.where, listener):
        return False
    if patch.part is Part.LISTENER_FILTER:
        return _listener_filters(patch, listener)
    if patch.part is Part.CHAIN:
        return _chains(patch, listener)
    changed = False
    for chain in _all_chains(listener):
        if meant.chain(patch.where, listener, chain):
            if patch.part is Part.NETWORK_FILTER:
                changed |= _network_filters(patch, chain)
            else:
                changed |= _http_filters(patch, chain)
    return changed


def _all_chains(listener: Listener) -> Iterator[FilterChain]:
    yield from listener.filter_chains
    if listener.HasField("default_filter_chain"):
        yield listener.default_filter_chain


def _listener_filters(patch: Patch, listener: Listener) -> bool:
    wanted = patch.where.listener_filter or _own_name(patch)
    edit = Edit(patch.change, _value(patch), bool(patch.where.listener_filter))
    found = edit.apply(listener.listener_filters, lambda one: meant.named(wanted, one.name))
    if found is None:
        return False
    del listener.listener_filters[:]
    listener.listener_filters.extend(found)
    return True


def _chains(patch: Patch, listener: Listener) -> bool:
    edit = Edit(patch.change, _value(patch), True)
    found = edit.apply(
        listener.filter_chains, lambda one: meant.chain(patch.where, listener, one)
    )
    default = listener.default_filter_chain
    in_default = (
        patch.change in (Change.MERGE, Change.MERGE_LISTS_ANEW)
        and listener.HasField("default_filter_chain")
        and meant.chain(patch.where, listener, default)
    )
    if in_default:
        merge(default, parse(patch.part, patch.value),
              lists_anew=patch.change is Change.MERGE_LISTS_ANEW)  # fmt: skip
    if found is not None:
        del listener.filter_chains[:]
        listener.filter_chains.extend(found)
    return in_default or found is not None


def _network_filters(patch: Patch, chain: FilterChain) -> bool:
    wanted = patch.where.filter or _own_name(patch)
    edit = Edit(patch.change, _value(patch), bool(patch.where.filter))
    last = int(bool(chain.filters) and chain.filters[-1].name in _ENDS)
    found = edit.apply(chain.filters, lambda one: meant.named(wanted, one.name), last)
    if found is None:
        return False
    del chain.filters[:]
    chain.filters.extend(found)
    return True


def _http_filters(patch: Patch, chain: FilterChain) -> bool:
    changed = False
    for one in chain.filters:
        if one.typed_config.type_url != _HTTP:
            continue
        if patch.where.filter and not meant.named(patch.where.filter, one.name):
            continue
        manager = hcm.HttpConnectionManager.FromString(one.typed_config.value)
        if patch.part is Part.EXTENSION:
            done = _extension(patch, manager)
        else:
            done = _within(patch, manager)
        if done:
            one.typed_config.Pack(manager, deterministic=True)
            changed = True
    return changed


def _within(patch: Patch, manager: hcm.HttpConnectionManager) -> bool:
    if patch.extension and any(one.name == patch.extension for one in manager.http_filters):
        return True  # another match of the same plugin: it stands once
    wanted = patch.where.sub_filter or _own_name(patch)
    edit = Edit(patch.change, _value(patch), bool(patch.where.sub_filter))
    place = phases.place(manager.http_filters, patch.phase) if patch.phase else -1
    found = edit.apply(
        manager.http_filters, lambda one: meant.named(wanted, one.name),
        phases.terminal(manager.http_filters), place,
    )  # fmt: skip
    if found is None:
        return False
    del manager.http_filters[:]
    manager.http_filters.extend(found)
    return True


def _extension(patch: Patch, manager: hcm.HttpConnectionManager) -> bool:
    """A filter that asks for its configuration by name gets it in place."""
    value = parse(patch.part, patch.value)
    assert isinstance(value, TypedExtensionConfig)
    changed = False
    for one in manager.http_filters:
        if one.name == value.name and one.HasField("config_discovery"):
            one.typed_config.CopyFrom(value.typed_config)
            changed = True
    return changed


def _inline_tables(patch: Patch, listener: Listener) -> bool:
    """Tables that stand in their connection manager; those that come by RDS are not here."""
    changed = False
    for chain in _all_chains(listener):
        for one in chain.filters:
            changed |= _inline_table(patch, one)
    return changed


def _inline_table(patch: Patch, one: Filter) -> bool:
    if one.typed_config.type_url != _HTTP:
        return False
    manager = hcm.HttpConnectionManager.FromString(one.typed_config.value)
    if not manager.HasField("route_config") or not tables.change(patch, manager.route_config):
        return False
    one.typed_config.Pack(manager, deterministic=True)
    return True


def _value(patch: Patch) -> Message | None:
    return parse(patch.part, patch.value) if patch.value else None


def _own_name(patch: Patch) -> str:
    """A filter is known by the name that its value has, where nothing else says which."""
    value = _value(patch)
    return str(getattr(value, "name", "")) if value is not None else ""

