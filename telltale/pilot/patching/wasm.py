"""A WebAssembly module as an HTTP filter of Envoy, in JSON. Pure. Never: where it stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_FILTER = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"
_STRING = "type.googleapis.com/google.protobuf.StringValue"


@dataclass(frozen=True, slots=True)
class Module:
    """`path` is in the proxy's container; `settings` is the text that the module is given."""

    name: str
    path: str
    root: str = ""
    settings: str = ""
    failure: str = "FAIL_CLOSED"
    values: Mapping[str, str] = field(default_factory=dict)
    inherited: tuple[str, ...] = ()


def filter_of(module: Module) -> str:
    environment = {"key_values": dict(module.values), "host_env_keys": [*module.inherited]}
    config: dict[str, object] = {
        "name": module.name, "root_id": module.root, "failure_policy": module.failure,
        "vm_config": {
            "vm_id": module.name, "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": module.path}}, "environment_variables": environment,
        },
    }  # fmt: skip
    if module.settings:
        config["configuration"] = {"@type": _STRING, "value": module.settings}
    typed = {"@type": _FILTER, "config": config}
    return json.dumps({"name": module.name, "typed_config": typed}, sort_keys=True)
