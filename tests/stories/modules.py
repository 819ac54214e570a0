"""The modules of a story's plugins: what has come of them, and the files that a proxy would have.

Never: what a plugin means.
"""

from pathlib import Path

import yaml
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.http.wasm.v3.wasm_pb2 import Wasm
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm,
)

from telltale.kube import codec
from telltale.kube.codec import Object, dig
from telltale.model.extension import Code
from telltale.pilot.intake.telemetry.wasmplugins import Known
from telltale.pilot.modules.content import summed
from telltale.pilot.modules.wanted import Failure, Wanted
from tests.pilot.wasm_module import module


def known(story: Path, found: list[Object]) -> Known:
    """By `modules.yaml`, if the story has one."""
    file = story / "modules.yaml"
    told = yaml.safe_load(file.read_text()) if file.exists() else {}
    code = Code(summed(module()), module())
    outcomes = {}
    for one in found:
        spec, namespace = one.get("spec"), dig(one, "metadata", "namespace")
        if one["kind"] == "WasmPlugin" and (said := told.get(dig(spec, "url"))):
            secret = dig(spec, "imagePullSecret")
            wanted = Wanted(
                dig(spec, "url"), dig(spec, "sha256", default=""),
                (namespace, secret) if secret else None,
            )  # fmt: skip
            outcomes[wanted] = code if said == "there" else Failure(said, "look there")
    return Known(outcomes)


def in_place(listeners, extensions, folder: Path) -> list[Listener]:
    """The listeners with each extension where it would come to; its file is made in the folder."""
    named = {one.name: _with_file(one, folder) for one in extensions}
    found = [Listener.FromString(one.SerializeToString()) for one in listeners]
    for one in found:
        for chain in (*one.filter_chains, one.default_filter_chain):
            for filter in chain.filters:
                manager = hcm.HttpConnectionManager()
                if filter.typed_config.Unpack(manager):
                    for http in manager.http_filters:
                        if http.HasField("config_discovery"):
                            http.typed_config.CopyFrom(named[http.name].typed_config)
                    filter.typed_config.Pack(manager)
    return found


def _with_file(one: TypedExtensionConfig, folder: Path) -> TypedExtensionConfig:
    wasm = Wasm()
    if not one.typed_config.Unpack(wasm) or not wasm.config.vm_config.code.local.filename:
        return one
    file = folder / "module.wasm"
    file.write_bytes(module())
    wasm.config.vm_config.code.local.filename = str(file)
    made = TypedExtensionConfig(name=one.name)
    made.typed_config.Pack(wasm)
    return made


def readable(value: codec.Json) -> codec.Json:
    """Without the bytes of modules."""
    if isinstance(value, dict):
        return {key: f"{len(one)} letters" if key == "inline_bytes" else readable(one)
                for key, one in value.items()}  # fmt: skip
    return [readable(one) for one in value] if isinstance(value, list) else value
