"""What all of Istio's messages share: the spelling of fields, and a few kinds of strings. Pure.

Sources: istio.io/api, the .proto files and their `+kubebuilder` validations. Field names are plain
lower camel case; an optional message is None when it is absent, and a string that may be empty and
still be there is `str | None`. The string under a field becomes its description in the CRD.
"""

from typing import Annotated, ClassVar, TypeAlias

import msgspec

from telltale.kube.codec import Typed
from telltale.kube.demands import NONE, Cel, Demands, as_json
from telltale.kube.meta import Config as Config


def camel(name: str) -> str:
    """`use_source_ip` to `useSourceIp`: protobuf's JSON spelling."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


class Message(Typed, rename=camel):
    """A part of a spec; `demands` is what no type of a single field can say."""

    demands: ClassVar[Demands] = NONE


# Seconds and parts of them, as protobuf's JSON and Go's time.ParseDuration write them.
_DURATION = r"^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$"
_POSITIVE = Cel(
    "duration(self) >= duration('1ms')", "must be a valid duration greater than 1ms"
)
Duration: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=_DURATION, extra_json_schema={"x-kubernetes-validations": as_json(_POSITIVE)}
    ),
]
AnyDuration: TypeAlias = Annotated[str, msgspec.Meta(pattern=_DURATION)]  # 0s means something
PortNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Percentage: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=100)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class PortSelector(Message):
    number: PortNumber | None = None
    """The port's number."""


class Percent(Message):
    value: Percentage = 0.0
    """From 0 to 100."""


class WorkloadSelector(Message):
    """Which workloads, in the older kinds (Sidecar, EnvoyFilter, ServiceEntry)."""

    labels: dict[str, str] = {}
    """Labels that the workloads have."""


_NAMED = Cel("self.all(key, size(key) != 0)", "key must not be empty")
_PLAIN = Cel(
    "self.all(key, !key.contains('*') && !self[key].contains('*'))",
    "wildcard is not supported in selector",
)
# Bounds, so that the API server can tell what the rules cost at most.
_LabelValue: TypeAlias = Annotated[str, msgspec.Meta(max_length=63)]
SelectedLabels: TypeAlias = Annotated[
    dict[str, _LabelValue],
    msgspec.Meta(
        max_length=4096, extra_json_schema={"x-kubernetes-validations": as_json(_NAMED, _PLAIN)}
    ),
]


class Selector(Message):
    """Which workloads, in the newer kinds (istio.type.v1beta1.WorkloadSelector)."""

    match_labels: SelectedLabels = {}
    """Labels that the workloads have."""
