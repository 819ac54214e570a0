"""ProxyConfig (networking.istio.io): how the proxies of some workloads are started.

The kind, not MeshConfig's `defaultConfig` of the same name, of which it has three fields. Never:
its meaning.
"""

from typing import Annotated, TypeAlias

import msgspec

from telltale.kube.istio.message import Message, Selector

Workers: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
VariableValue: TypeAlias = Annotated[str, msgspec.Meta(max_length=2048)]


class ProxyImage(Message):
    image_type: str = ""
    """A variant of the image: default, debug or distroless."""


class ProxyConfig(Message):
    """It holds for pods that are made after it."""

    selector: Selector | None = None
    """Which pods of the namespace; without it all of them, and in the root namespace the mesh's."""
    concurrency: Workers | None = None
    """How many worker threads Envoy has; 0 is one a core."""
    environment_variables: dict[str, VariableValue] = {}
    """Of the proxy's container."""
    image: ProxyImage | None = None
    """Which variant of the proxy's image; there is one here."""
