"""What a cause is, and what it finds. Pure data. Never: a cause itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from telltale.kube.meta import Ref
from telltale.why.fix import Fault, Fix
from telltale.why.pods import PodKey
from telltale.why.world import World


class Edge(StrEnum):
    """Where on the way from the kubelet to the pilot it breaks."""

    APP = "app"
    ENVOY = "envoy"
    DNS = "dns"
    PILOT = "pilot"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A claim, the command that shows it, and the value.

    It holds when the value stands in what the command prints; an empty value means that the
    command prints nothing. It holds in the sick cluster only.
    """

    claim: str
    how: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One judged fact: this field of this object is wrong, and that is why these pods suffer.

    `independent`: surely not a consequence of another fault (an image that is missing is missing
    whatever DNS does); one that is not is dropped when its pods have a deeper finding.
    """

    cause: str
    object: Ref
    field: str
    expected: str
    found: str
    title: str
    because: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    affected: tuple[PodKey, ...]
    fix: Fix
    edge: Edge
    place: str  # what stands at the broken end: `DNS 172.19.0.10:53`
    certain: bool = True
    independent: bool = True
    notes: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()


Judge: TypeAlias = Callable[[World], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Cause:
    """A catalogue entry. `name` is permanent and names the fault; `explains`: its consequences.

    `doc` says what it is, how it shows, and how it differs from its look-alikes.
    """

    name: str
    judge: Judge
    fault: Fault
    doc: str
    safe: bool = False  # whether its fix is applied unasked
    explains: frozenset[str] = frozenset()
