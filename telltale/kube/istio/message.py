"""What all of Istio's messages share: the spelling of fields, and a few kinds of strings. Pure.

Sources: istio.io/api, the .proto files and their `+kubebuilder` validations. Field names are plain
lower camel case; an optional message is None when it is absent, and a string that may be empty and
still be there is `str | None`. A field's comment becomes its description in the CRD's schema.
"""

from typing import Annotated, TypeAlias

import msgspec

from telltale.kube.codec import Typed
from telltale.kube.meta import Config as Config


def camel(name: str) -> str:
    """`use_source_ip` to `useSourceIp`: protobuf's JSON spelling."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


class Message(Typed, rename=camel):
    """A part of a spec."""


# Seconds and parts of them, as protobuf's JSON and Go's time.ParseDuration write them.
_DURATION = r"^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$"
Duration: TypeAlias = Annotated[str, msgspec.Meta(pattern=_DURATION)]
PortNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Percentage: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=100)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class PortSelector(Message):
    number: PortNumber | None = None


class Percent(Message):
    value: Percentage = 0.0


class WorkloadSelector(Message):
    """Which workloads, in the older kinds (Sidecar, EnvoyFilter, ServiceEntry)."""

    labels: dict[str, str] = {}


class Selector(Message):
    """Which workloads, in the newer kinds (istio.type.v1beta1.WorkloadSelector)."""

    match_labels: dict[str, str] = {}
