"""How requests and connections for a host are routed, in the mesh's own words.

A `Routing` is one user's object as read: hosts are full names, times are seconds, shares are parts
of one, nothing is left to default but what None or an empty value says. Never: Kubernetes, Envoy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from telltale.model.scope import Origin, Scope

MESH = "mesh"  # the gateway that stands for every sidecar


class How(StrEnum):
    EXACT = "exact"
    PREFIX = "prefix"
    PATH = "path"  # a prefix that ends where a segment of the path ends
    REGEX = "regex"  # RE2, the whole value
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Text:
    """What a value must be."""

    how: How
    value: str = ""
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """What a header or query parameter must be; `inverted`: must not."""

    name: str
    text: Text
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: judged by the pilot for each proxy, never sent to one. Empty is anybody."""

    labels: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    gateways: tuple[str, ...] = ()


ANYBODY = Client()


@dataclass(frozen=True, slots=True)
class Match:
    """All of it must hold. `port` is the one that the client dialled, 0 for any."""

    name: str = ""
    path: Text | None = None
    scheme: Text | None = None
    method: Text | None = None
    authority: Text | None = None
    headers: tuple[Named, ...] = ()
    query: tuple[Named, ...] = ()
    port: int = 0
    client: Client = ANYBODY
    stat_prefix: str = ""

    @property
    def every(self) -> bool:
        """Whether every request on every port matches, whoever sends it."""
        return self.says == _NOTHING

    @property
    def says(self) -> "Match":
        """The conditions alone, without names; a path that begins with / is any path."""
        path = None if self.path in _ANY_PATH else self.path
        return replace(self, name="", stat_prefix="", path=path)


_NOTHING = Match()
_ANY_PATH = (Text(How.PREFIX, "/"), Text(How.PATH, "/"), Text(How.REGEX, ".*"))


@dataclass(frozen=True, slots=True)
class Destination:
    """`port` 0: the only port of the service, or the one that was dialled."""

    host: str
    port: int = 0
    subset: str = ""


NOBODY = Destination("")  # what goes there is answered with 500, a connection is closed


@dataclass(frozen=True, slots=True)
class Edits:
    """What is done to headers, in this order."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


NONE = Edits()


@dataclass(frozen=True, slots=True)
class Share:
    """Where a part of the requests goes; weights of a route are relative to their sum."""

    destination: Destination
    weight: int = 1
    request: Edits = NONE
    response: Edits = NONE


@dataclass(frozen=True, slots=True)
class Redirect:
    """What is empty is left as it is. `port` 0: the scheme's own, or the one that was dialled."""

    path: str = ""
    prefix: str = ""
    authority: str = ""
    scheme: str = ""
    port: int = 0
    port_as_dialled: bool = False
    code: int = 301


@dataclass(frozen=True, slots=True)
class Direct:
    """Answered at once, without anybody being asked."""

    status: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """`path` takes the place of what was matched; `pattern` (RE2) of what it finds."""

    path: str | None = None
    authority: str = ""
    pattern: str = ""
    substitution: str = ""


@dataclass(frozen=True, slots=True)
class Retries:
    """`attempts` 0: none. `on`: what counts as failed, in the field's words; empty: our default.

    `codes` are HTTP statuses that count as well.
    """

    attempts: int
    per_try_s: float | None = None
    on: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    backoff_s: float | None = None
    other_hosts: bool = True
    other_localities: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    share: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Abort:
    """With an HTTP status, or else with one of gRPC."""

    share: float
    http: int = 0
    grpc: int | None = None


@dataclass(frozen=True, slots=True)
class Mirror:
    destination: Destination
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Cors:
    origins: tuple[Text, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_s: float | None = None
    credentials: bool | None = None
    forward_unmatched: bool = True


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """The first one that matches is taken; no match at all means every request.

    Exactly one of `shares`, `redirect` and `direct` says what is done.
    """

    name: str = ""
    matches: tuple[Match, ...] = ()
    shares: tuple[Share, ...] = ()
    redirect: Redirect | None = None
    direct: Direct | None = None
    rewrite: Rewrite | None = None
    timeout_s: float | None = None
    retries: Retries | None = None
    delay: Delay | None = None
    abort: Abort | None = None
    mirrors: tuple[Mirror, ...] = ()
    cors: Cors | None = None
    request: Edits = NONE
    response: Edits = NONE
    origin: Origin | None = None  # who said so, where a routing is put together from several


@dataclass(frozen=True, slots=True)
class ConnectionMatch:
    """Of a TLS or TCP connection; `sni` is empty for TCP. Subnets are CIDRs or addresses."""

    sni: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    source: str = ""
    port: int = 0
    client: Client = ANYBODY


@dataclass(frozen=True, slots=True)
class ConnectionRoute:
    matches: tuple[ConnectionMatch, ...] = ()
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """One object's routes for its hosts, and who sees them.

    `alone`: it is all that is said of its hosts, no other is joined to it.
    """

    origin: Origin
    scope: Scope
    hosts: tuple[str, ...]
    gateways: tuple[str, ...] = (MESH,)
    http: tuple[HttpRoute, ...] = ()
    tls: tuple[ConnectionRoute, ...] = ()
    tcp: tuple[ConnectionRoute, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
