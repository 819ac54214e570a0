"""A WebAssembly module as an HTTP filter of Envoy that asks for its configuration by name. Pure.

The configuration comes by ECDS, so that a new module, or a new setting of it, drains no listener.
Code that cannot be had is a filter that answers 503, or one that lets everything pass. Never: where
the filter stands.
"""

import json

from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.extensions.filters.http.lua.v3.lua_pb2 import Lua
from envoy.extensions.filters.http.rbac.v3.rbac_pb2 import RBAC
from envoy.extensions.filters.http.wasm.v3.wasm_pb2 import Wasm
from envoy.extensions.wasm.v3 import wasm_pb2 as wasm
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue

from telltale.model.extension import Code, Extension, Failing
from telltale.model.scope import Origin

_PREFIX = "extensions.istio.io/wasmplugin/"
_TYPE = "type.googleapis.com/"
_FAILURES = {
    Failing.CLOSE: wasm.FAIL_CLOSED, Failing.OPEN: wasm.FAIL_OPEN, Failing.RELOAD: wasm.FAIL_RELOAD,
}  # fmt: skip
_UNAVAILABLE = """function envoy_on_request(handle)
  handle:respond({[":status"] = "503"}, "a filter of this service is not there")
end
"""


def name_of(origin: Origin) -> str:
    return f"{_PREFIX}{origin.namespace}.{origin.name}"


def owner(name: str) -> tuple[str, str] | None:
    """The namespace and name of the plugin that a configuration of this name is for."""
    if not name.startswith(_PREFIX):
        return None
    namespace, _, own = name.removeprefix(_PREFIX).partition(".")
    return namespace, own


def filter_of(name: str, failing: Failing) -> str:
    """In JSON. Should Envoy refuse the module at first, what failing means holds in its place."""
    kinds = (_TYPE + one.DESCRIPTOR.full_name for one in (Wasm, Lua, RBAC))
    default: dict[str, object] = {"@type": _TYPE + RBAC.DESCRIPTOR.full_name}
    if failing is not Failing.OPEN:
        source = {"inline_string": _UNAVAILABLE}
        default = {"@type": _TYPE + Lua.DESCRIPTOR.full_name, "default_source_code": source}
    discovery = {
        "config_source": {"ads": {}, "resource_api_version": "V3"},
        "default_config": default, "type_urls": [*kinds],
    }  # fmt: skip
    return json.dumps({"name": name, "config_discovery": discovery}, sort_keys=True)


def config_of(one: Extension) -> TypedExtensionConfig:
    """What is sent for its name."""
    made = TypedExtensionConfig(name=one.name)
    made.typed_config.CopyFrom(_filter(one))
    return made


def _filter(one: Extension) -> Packed:
    if one.code is None:
        if one.failing is Failing.OPEN:
            return _packed(RBAC())
        absent = Lua()
        absent.default_source_code.inline_string = _UNAVAILABLE
        return _packed(absent)
    found = Wasm()
    found.config.name, found.config.root_id = one.name, one.root
    found.config.failure_policy = _FAILURES[one.failing]
    machine = found.config.vm_config
    machine.vm_id, machine.runtime = one.name, "envoy.wasm.runtime.v8"
    if isinstance(one.code, Code):
        machine.code.local.inline_bytes = one.code.body
    else:
        machine.code.local.filename = one.code
    machine.environment_variables.key_values.update(one.values)
    machine.environment_variables.host_env_keys.extend(one.inherited)
    if one.settings:
        found.config.configuration.CopyFrom(_packed(StringValue(value=one.settings)))
    return _packed(found)


def _packed(message: Message) -> Packed:
    found = Packed()
    found.Pack(message, deterministic=True)
    return found
