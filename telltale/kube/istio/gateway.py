"""Gateway (networking.istio.io): what workloads at the edge of the mesh listen for.

Never: its meaning.
"""

from typing import Literal, TypeAlias

from telltale.kube.istio.message import Count, Message

Version: TypeAlias = Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]


class Port(Message):
    """`target_port` is refused: the gateway's Service says it."""

    number: Count = 0
    """The port that the gateway's pod listens on."""
    protocol: str = ""
    """HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP or MONGO."""
    name: str = ""
    """A name for it."""
    target_port: Count = 0
    """Not for gateways: the gateway's Service maps its ports."""


class TlsCertificate(Message):
    server_certificate: str = ""
    """Path of a certificate; not read: use credentialName."""
    private_key: str = ""
    """Path of its key; not read."""
    ca_certificates: str = ""
    """Path of the clients' authorities; not read."""


class ServerTls(Message):
    https_redirect: bool = False
    """Answer plain HTTP with a redirect to https."""
    mode: Literal[
        "PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"
    ] | None = None  # fmt: skip
    """Whether TLS ends here, and whether clients must show a certificate."""
    server_certificate: str = ""
    """Path of the certificate; not read: use credentialName."""
    private_key: str = ""
    """Path of its key; not read: use credentialName."""
    ca_certificates: str = ""
    """Path of the clients' authorities; not read: put ca.crt into the Secret."""
    ca_crl: str = ""
    """Path of a list of revoked certificates; not read: put ca.crl into the Secret."""
    credential_name: str = ""
    """The Secret with the certificate and its key, in the gateway's namespace."""
    credential_names: list[str] = []
    """Two Secrets: one with an RSA and one with an ECDSA key."""
    tls_certificates: list[TlsCertificate] = []
    """Paths of several certificates; not read: use credentialNames."""
    ca_cert_credential_name: str = ""
    """The Secret with the clients' authorities, if it is another."""
    subject_alt_names: list[str] = []
    """Names, one of which a client's certificate must have."""
    verify_certificate_spki: list[str] = []
    """Hashes of clients' public keys, in base64; one must match."""
    verify_certificate_hash: list[str] = []
    """Hashes of clients' certificates, in hex; one must match."""
    min_protocol_version: Version = "TLS_AUTO"
    """The oldest version of TLS (1.2)."""
    max_protocol_version: Version = "TLS_AUTO"
    """The newest version of TLS (1.3)."""
    cipher_suites: list[str] = []
    """Which ciphers, for TLS 1.2 and before."""
    insecure_skip_verify: bool | None = None
    """Do not judge clients' certificates."""


class Server(Message):
    port: Port | None = None
    """Where it listens."""
    bind: str = ""
    """The address that it listens on; all if nothing is said."""
    hosts: list[str] = []
    """The hosts that it serves: [NAMESPACE/]HOST, with * for all below."""
    tls: ServerTls | None = None
    """How it speaks TLS; for HTTPS and TLS."""
    default_endpoint: str = ""
    """Not used: route with a VirtualService."""
    name: str = ""
    """A name for it."""


class Gateway(Message):
    servers: list[Server] = []
    """What it listens for."""
    selector: dict[str, str] = {}
    """The labels of the pods that serve it, in any namespace."""
