"""WasmPlugin (extensions.istio.io): a module of a user's own among a proxy's HTTP filters.

Never: its meaning.
"""

from typing import Literal

from telltale.kube.codec import Object
from telltale.kube.istio.message import Message, PortSelector, Selector
from telltale.kube.istio.telemetry import Mode, TargetRef


class EnvVar(Message):
    name: str = ""
    """The variable's name."""
    value_from: Literal["INLINE", "HOST"] = "INLINE"
    """INLINE: value says it; HOST: it is as in the proxy's own environment."""
    value: str = ""
    """Its value, for INLINE."""


class VmConfig(Message):
    env: list[EnvVar] = []
    """Variables of the module's environment."""


class TrafficSelector(Message):
    mode: Mode = "CLIENT_AND_SERVER"
    """As the client, as the server, or both."""
    ports: list[PortSelector] = []
    """Which ports; all if none is named."""


class WasmPlugin(Message):
    selector: Selector | None = None
    """Which workloads of the namespace; all if absent."""
    target_ref: TargetRef | None = None
    """Deprecated: use targetRefs."""
    target_refs: list[TargetRef] = []
    """Which Gateways or Services, in place of a selector."""
    url: str = ""
    """Where the module is: file://, http://, https:// or oci:// (the default)."""
    sha256: str = ""
    """The module's checksum, or the OCI image's digest."""
    image_pull_policy: Literal["UNSPECIFIED_POLICY", "IfNotPresent", "Always"] = (
        "UNSPECIFIED_POLICY"
    )
    """Whether a module that is there already is asked for again."""
    image_pull_secret: str = ""
    """A Secret of this namespace with a registry's login."""
    verification_key: str = ""
    """A key to verify the module with."""
    plugin_config: Object | None = None
    """The module's own configuration."""
    plugin_name: str = ""
    """The name that the module knows itself by."""
    phase: Literal["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"] = "UNSPECIFIED_PHASE"
    """Before or after which of the mesh's own filters."""
    priority: int | None = None
    """Higher ones come first within a phase."""
    fail_strategy: Literal["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"] = "FAIL_CLOSE"
    """What becomes of requests when the module fails."""
    vm_config: VmConfig | None = None
    """The virtual machine that it runs in."""
    match: list[TrafficSelector] = []
    """For which traffic; for all if nothing is said."""
    type: Literal["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"] = "UNSPECIFIED_PLUGIN_TYPE"
    """Among the HTTP filters, or among those of connections."""
