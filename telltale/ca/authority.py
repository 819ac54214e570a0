"""A certificate authority: a self-signed root, and server certificates for DNS names.

PEM in and out, time handed in. Never: Kubernetes, a file, or when to renew.
Rules: RFC 5280 (4.1.2.2 serial numbers, 4.2.1 extensions), RFC 9525 (names only in subjectAltName).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from telltale.ca import keys
from telltale.ca.keys import BadKey, Key

ROOT_LIFETIME = timedelta(days=3650)
SERVER_LIFETIME = timedelta(days=365)
# Clocks of two machines differ; a certificate must not be from the future.
SKEW = timedelta(minutes=2)


class BadAuthority(ValueError):
    """Certificate and key that do not make an authority; the message says why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A root that signs. `new_authority` makes one, `read_authority` takes up one that was kept."""

    def __init__(self, certificate: x509.Certificate, key: Key) -> None:
        self._certificate = certificate
        self._key = key

    @property
    def certificate(self) -> bytes:
        """The root as PEM: what others are given to trust."""
        return self._certificate.public_bytes(Encoding.PEM)

    @property
    def expires(self) -> datetime:
        return self._certificate.not_valid_after_utc

    def to_pem(self) -> Issued:
        """What to keep, and hand to `read_authority` next time."""
        return Issued(self.certificate, keys.to_pem(self._key))

    def server(
        self, names: Sequence[str], now: datetime, lifetime: timedelta = SERVER_LIFETIME
    ) -> Issued:
        """A certificate for a server by those DNS names or addresses; never outlives the root."""
        if not names:
            raise ValueError("a server certificate needs at least one name")
        key = keys.new_key()
        alternative = x509.SubjectAlternativeName([_general_name(name) for name in names])
        certificate = (
            _builder(_subject(names[0]), now, min(now + lifetime, self.expires))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(alternative, critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return Issued(certificate.public_bytes(Encoding.PEM), keys.to_pem(key))


def new_authority(
    organization: str, now: datetime, lifetime: timedelta = ROOT_LIFETIME
) -> Authority:
    key = keys.new_key()
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)])
    certificate = (
        _builder(subject, now, now + lifetime)
        .issuer_name(subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def read_authority(kept: Issued, now: datetime) -> Authority:
    """Raises `BadAuthority` when what was kept cannot sign any more."""
    try:
        certificate = x509.load_pem_x509_certificate(kept.certificate)
        key = keys.from_pem(kept.key)
    except BadKey as error:
        raise BadAuthority(f"the key of the authority: {error}") from error
    except ValueError:
        raise BadAuthority("the certificate of the authority is not PEM") from None
    public = certificate.public_key()
    if not isinstance(public, keys.PublicKey) or not keys.same(public, key.public_key()):
        raise BadAuthority("the certificate of the authority is of another key")
    if not _is_authority(certificate):
        raise BadAuthority("the certificate is not one of an authority (CA:FALSE)")
    if now >= certificate.not_valid_after_utc:
        ended = certificate.not_valid_after_utc.date()
        raise BadAuthority(f"the certificate of the authority has expired on {ended}")
    return Authority(certificate, key)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _builder(subject: x509.Name, now: datetime, until: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(until)
    )


def _subject(name: str) -> x509.Name:
    """For people: what a common name cannot hold (64 characters) stands in subjectAltName alone."""
    fits = len(name) <= 64
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if fits else [])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
