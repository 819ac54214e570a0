"""Gateway (networking.istio.io): what workloads at the edge of the mesh listen for.

Never: its meaning.
"""

from typing import Literal, TypeAlias

from telltale.kube.istio.message import Count, Message

Version: TypeAlias = Literal["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]


class Port(Message):
    """`target_port` is refused: the gateway's Service says it."""

    number: Count = 0
    protocol: str = ""
    name: str = ""
    target_port: Count = 0


class TlsCertificate(Message):
    server_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""


class ServerTls(Message):
    https_redirect: bool = False
    mode: Literal[
        "PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"
    ] | None = None  # fmt: skip
    server_certificate: str = ""
    private_key: str = ""
    ca_certificates: str = ""
    ca_crl: str = ""
    credential_name: str = ""
    credential_names: list[str] = []
    tls_certificates: list[TlsCertificate] = []
    ca_cert_credential_name: str = ""
    subject_alt_names: list[str] = []
    verify_certificate_spki: list[str] = []
    verify_certificate_hash: list[str] = []
    min_protocol_version: Version = "TLS_AUTO"
    max_protocol_version: Version = "TLS_AUTO"
    cipher_suites: list[str] = []
    insecure_skip_verify: bool | None = None


class Server(Message):
    port: Port | None = None
    bind: str = ""
    hosts: list[str] = []
    tls: ServerTls | None = None
    default_endpoint: str = ""
    name: str = ""


class Gateway(Message):
    servers: list[Server] = []
    selector: dict[str, str] = {}
