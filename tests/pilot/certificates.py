"""Certificates for tests: each call makes its own key. Never: one for anybody but a test."""

import datetime
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

_FROM = datetime.datetime(2020, 1, 1)  # noqa: DTZ001 (the library takes UTC without a zone)
_TO = datetime.datetime(2100, 1, 1)  # noqa: DTZ001


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM and as the library has them."""

    chain: bytes
    key: bytes
    certificate: x509.Certificate
    private: Any


def pair(
    name: str, signer: Pair | None = None, bits: int = 0, more: tuple[str, ...] = ()
) -> Pair:
    """For a DNS name, and more; by a signer, or its own authority. `bits`: an RSA key."""
    # 1024 bits is for the test that such a key is refused.
    private: Any = (
        rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = signer.certificate.subject if signer else subject
    names = [x509.DNSName(one) for one in (name, *more)]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(issuer).public_key(private.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(_FROM).not_valid_after(_TO)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(signer is None, None), critical=True)
        .sign(signer.private if signer else private, hashes.SHA256())
    )  # fmt: skip
    return Pair(
        made.public_bytes(Encoding.PEM),
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), made, private,
    )  # fmt: skip


def crl(of: Pair) -> bytes:
    """A list of certificates that this authority has revoked: none."""
    made = (
        x509.CertificateRevocationListBuilder().issuer_name(of.certificate.subject)
        .last_update(_FROM).next_update(_TO).sign(of.private, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(Encoding.PEM)
