"""WasmPlugin (extensions.istio.io): a module of a user's own among a proxy's HTTP filters.

Never: its meaning.
"""

from typing import Literal

from telltale.kube.codec import Object
from telltale.kube.istio.message import Message, PortSelector, Selector
from telltale.kube.istio.telemetry import Mode, TargetRef


class EnvVar(Message):
    name: str = ""
    value_from: Literal["INLINE", "HOST"] = "INLINE"
    value: str = ""


class VmConfig(Message):
    env: list[EnvVar] = []


class TrafficSelector(Message):
    mode: Mode = "CLIENT_AND_SERVER"
    ports: list[PortSelector] = []


class WasmPlugin(Message):
    selector: Selector | None = None
    target_ref: TargetRef | None = None
    target_refs: list[TargetRef] = []
    url: str = ""
    sha256: str = ""
    image_pull_policy: Literal["UNSPECIFIED_POLICY", "IfNotPresent", "Always"] = (
        "UNSPECIFIED_POLICY"
    )
    image_pull_secret: str = ""
    verification_key: str = ""
    plugin_config: Object | None = None
    plugin_name: str = ""
    phase: Literal["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"] = "UNSPECIFIED_PHASE"
    priority: int | None = None
    fail_strategy: Literal["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"] = "FAIL_CLOSE"
    vm_config: VmConfig | None = None
    match: list[TrafficSelector] = []
    type: Literal["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"] = "UNSPECIFIED_PLUGIN_TYPE"
