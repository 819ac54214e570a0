"""What holds for the whole mesh, where no object says anything narrower.

Times are seconds. Never: Kubernetes, Envoy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telltale.model.discovery import EVERY_NAMESPACE, Discovery
from telltale.model.policy import Keepalive, Locality
from telltale.model.route import Retries
from telltale.model.scope import EVERYWHERE


class Egress(StrEnum):
    """What becomes of traffic to what no service stands for."""

    ANY = "any"  # it goes where it was addressed to
    KNOWN = "known"  # it is refused


class Paths(StrEnum):
    """How a request's path is normalised before anything judges it; each does the former too."""

    AS_SENT = "as-sent"
    DOTS = "dots"  # `/a/../b` is `/b`, and `\\` is `/` (RFC 3986)
    SLASHES = "slashes"  # `//` is `/`
    ESCAPES = "escapes"  # `%2F` is `/`, first of all


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody outside who is told of traffic or asked about it, as the mesh knows him.

    `kind` and `settings` are as written: whoever speaks to such a provider reads them.
    """

    name: str
    kind: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """The names of the providers that each sort of telemetry goes to by default."""

    tracing: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    logging: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """The namespaces that see an object that does not say who may."""

    services: tuple[str, ...] = (EVERYWHERE,)
    routings: tuple[str, ...] = (EVERYWHERE,)
    policies: tuple[str, ...] = (EVERYWHERE,)


@dataclass(frozen=True, slots=True)
class Options:
    """`access_log` is a path, or empty for none; its format is empty for our own line.

    `root`: the namespace whose objects hold everywhere. `cluster`: what it calls itself in metrics.
    `detection_s`: how long the first bytes of a connection are waited for where its protocol is not
    declared, 0 without limit.
    """

    domain: str = "cluster.local"
    access_log: str = ""
    access_log_format: str = ""
    access_log_json: bool = False
    root: str = "istio-system"
    cluster: str = "Kubernetes"
    egress: Egress = Egress.ANY
    shown: Shown = Shown()
    connect_timeout_s: float = 10.0
    keepalive: Keepalive | None = None
    detection_s: float = 0.0
    retries: Retries | None = None
    dns_refresh_s: float = 60.0
    locality: Locality | None = None
    tracing: bool = False
    providers: tuple[Provider, ...] = ()
    told: Told = Told()
    paths: Paths = Paths.DOTS
    upgrade_to_http2: bool = False
    discovery: Discovery = EVERY_NAMESPACE


DEFAULT = Options()
