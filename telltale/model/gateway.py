"""Gateways: which workloads stand at the edge of the mesh, and what they listen for.

Independent of the API that said so. Routes name a gateway by `name`, as `route.Routing.gateways`
has it. Never: Kubernetes, Envoy, a key or a certificate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from telltale.model.scope import EVERYWHERE, Origin, Scope
from telltale.model.service import Protocol


class Ends(StrEnum):
    """Where a server's TLS ends, and what it asks of clients."""

    SIMPLE = "simple"  # here; clients show nothing
    MUTUAL = "mutual"  # here; clients must show a certificate
    OPTIONAL_MUTUAL = "optional-mutual"  # here; clients may show one, which must then be good
    MESH = "mesh"  # here; both sides by their mesh identities
    PASSTHROUGH = "passthrough"  # at the destination, which routes choose by SNI
    AUTO_PASSTHROUGH = "auto-passthrough"  # at the destination, which the SNI spells


class TlsVersion(StrEnum):
    TLS_1_0 = "1.0"
    TLS_1_1 = "1.1"
    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


@dataclass(frozen=True, slots=True, order=True)
class Credential:
    """A key pair, or the authorities that clients are judged by, kept where `name` says.

    `namespace` is empty for that of the proxy itself, the only one that a proxy may read without
    somebody's grant; whoever writes another has seen the grant. `authority`: what it is for.
    """

    name: str
    namespace: str = ""
    authority: bool = False

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}{' (authorities)' if self.authority else ''}"


@dataclass(frozen=True, slots=True)
class ServerTls:
    """How a server speaks TLS. `keys` are key pairs of different kinds (RSA, ECDSA) for one name.

    `authorities` None: with the first key pair, or beside it; `trusted` are authorities themselves,
    in PEM, where they are no secret. None for a version: Envoy's own.
    """

    ends: Ends
    keys: tuple[Credential, ...] = ()
    authorities: Credential | None = None
    sans: tuple[str, ...] = ()
    spki: tuple[str, ...] = ()  # base64 of the SHA-256 of a public key
    hashes: tuple[str, ...] = ()  # hex of the SHA-256 of a certificate
    minimum: TlsVersion | None = None
    maximum: TlsVersion | None = None
    ciphers: tuple[str, ...] = ()
    unverified: bool = False  # clients' certificates are asked for and not judged
    trusted: str = ""

    @property
    def passes(self) -> bool:
        """Whether TLS goes through unopened."""
        return self.ends in (Ends.PASSTHROUGH, Ends.AUTO_PASSTHROUGH)

    @property
    def judges(self) -> Credential | None:
        """Whom clients' certificates must come from: as named, or those kept with the key pair."""
        if self.ends not in (Ends.MUTUAL, Ends.OPTIONAL_MUTUAL) or self.trusted:
            return None
        return self.authorities or replace(self.keys[0], authority=True)

    def needed(self, namespace: str) -> Iterator[Credential]:
        """All that a proxy in `namespace` needs for such a server, each with its namespace."""
        for one in (*self.keys, self.judges):
            if one:
                yield replace(one, namespace=one.namespace or namespace)


@dataclass(frozen=True, slots=True)
class Host:
    """A name that a server answers to, and whose routes for it are taken.

    `name` may begin with `*.` or be `*`; `namespace` is a namespace or `EVERYWHERE`.
    """

    name: str
    namespace: str = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Server:
    """`port` is the one that clients of the gateway's Service dial. `speaks`: what is spoken there,
    inside TLS where that ends here; TLS where it does not.

    `redirect`: plain HTTP is answered with a redirect to https. `isolated`: among such servers of a
    port, what one is named for most closely is answered by it alone, or by nobody.
    """

    port: int
    speaks: Protocol
    hosts: tuple[Host, ...] = ()
    name: str = ""  # of the port: a part of the route table's name
    bind: str = ""
    tls: ServerTls | None = None
    redirect: bool = False
    isolated: bool = False


@dataclass(frozen=True, slots=True)
class Gateway:
    """Holds for the workloads in `scope`; or, where `service` is said, for those behind that host.

    `name` is what routes call it: NAMESPACE/NAME.
    """

    origin: Origin
    name: str
    scope: Scope
    servers: tuple[Server, ...] = ()
    service: str = ""
