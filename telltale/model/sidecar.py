"""What the proxies of some workloads see of the mesh, and what they hear.

Never: Kubernetes, Envoy.
"""

from dataclasses import dataclass

from telltale.model.options import Egress
from telltale.model.policy import Pool
from telltale.model.scope import EVERYWHERE, Origin, Scope
from telltale.model.service import Protocol


@dataclass(frozen=True, slots=True)
class Glob:
    """Hosts of a namespace (or `*`): one, all below a name (`*.b.c`), or all (`*`)."""

    namespace: str
    host: str

    def covers(self, namespace: str, host: str) -> bool:
        """Whether a host of an object in `namespace` is meant; it may be a wildcard itself."""
        return self.namespace in (EVERYWHERE, namespace) and meet(self.host, host)


def meet(one: str, other: str) -> bool:
    """Whether two hosts, either of which may be a wildcard, have a name in common."""
    if one == other or "*" in (one, other):
        return True
    if one.startswith("*."):
        return other.endswith(one[1:]) or (other.startswith("*.") and one.endswith(other[1:]))
    return other.startswith("*.") and one.endswith(other[1:])


@dataclass(frozen=True, slots=True)
class Reach:
    """What is seen, by everything or (with a port) by what listens on that port alone.

    `bind` is where it listens, empty for the usual; `led`: traffic is led there, else it must be
    dialled.
    """

    globs: tuple[Glob, ...]
    port: int = 0
    protocol: Protocol = Protocol.AUTO
    bind: str = ""
    led: bool = True

    def covers(self, namespace: str, host: str) -> bool:
        return any(one.covers(namespace, host) for one in self.globs)


@dataclass(frozen=True, slots=True)
class Hears:
    """A port on which a workload is served: `to` is `ADDRESS:PORT`, `unix://PATH`, or as dialled.

    `bind` is an address of its own, `led` as in `Reach`.
    """

    port: int
    protocol: Protocol
    to: str = ""
    bind: str = ""
    led: bool = True
    pool: Pool | None = None


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One object. No `reach` is everything; no `hears` is what services say.

    `egress` None is the mesh's; `proxy`: the cluster that takes what is for nobody known, as host,
    port and subset.
    """

    origin: Origin
    scope: Scope
    reach: tuple[Reach, ...] = ()
    hears: tuple[Hears, ...] = ()
    egress: Egress | None = None
    proxy: tuple[str, int, str] | None = None
    pool: Pool | None = None
