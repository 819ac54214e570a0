"""The cluster's keys and certificates, made once under a directory; and the kubeconfig for people.

Never: a key in a file that others may read. Raises `PkiUnusable` with the file that cannot be used.
"""

import base64
import os
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from telltale.kube import codec
from telltale.kube.codec import Object

CONTEXT = "telltale"
_YEARS = timedelta(days=3650)
_CLIENT, _SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


class PkiUnusable(Exception):
    """A key or certificate cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Pki:
    """Paths of what was made; all of it PEM."""

    ca: Path
    server: Path
    server_key: Path
    admin: Path
    admin_key: Path
    accounts_key: Path

    @property
    def ca_pem(self) -> str:
        return self.ca.read_text()


@dataclass(frozen=True, slots=True)
class _Issuer:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure(folder: Path, dns: tuple[str, ...], ips: tuple[str, ...], now: datetime) -> Pki:
    """Make what is missing. The server's certificate is made anew when its names have changed."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        issuer = _authority(folder, now)
        _admin(folder, issuer, now)
        _server(folder, issuer, (dns, ips), now)
        if not (folder / "accounts.key").exists():
            _write(folder / "accounts.key", _key_pem(_new_key()))
    except (OSError, ValueError) as error:
        raise PkiUnusable(f"{folder}: cannot make or read the cluster's keys: {error}") from error
    return Pki(
        folder / "ca.crt", folder / "server.crt", folder / "server.key", folder / "admin.crt",
        folder / "admin.key", folder / "accounts.key",
    )  # fmt: skip


def server_context(pki: Pki) -> ssl.SSLContext:
    """TLS for the server: clients may show a certificate of our CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(pki.server, pki.server_key)
    context.load_verify_locations(pki.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context


def kubeconfig(pki: Pki, url: str) -> Object:
    """A kubeconfig for the cluster's admin, certificates embedded."""

    def data(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [
            {
                "name": CONTEXT,
                "cluster": {"server": url, "certificate-authority-data": data(pki.ca)},
            }
        ],
        "users": [
            {
                "name": CONTEXT,
                "user": {
                    "client-certificate-data": data(pki.admin),
                    "client-key-data": data(pki.admin_key),
                },
            }
        ],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }


def write_kubeconfig(path: Path, pki: Pki, url: str) -> None:
    """Owner-only, and whole or not at all."""
    try:
        _write(path, codec.to_yaml([kubeconfig(pki, url)]).encode())
    except OSError as error:
        raise PkiUnusable(f"{path}: cannot be written: {error}") from error


def _authority(folder: Path, now: datetime) -> _Issuer:
    crt, key_file = folder / "ca.crt", folder / "ca.key"
    if crt.exists() and key_file.exists():
        return _read(crt, key_file)
    key = _new_key()
    name = _name("telltale-ca")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _key_pem(key))
    _write(crt, certificate.public_bytes(serialization.Encoding.PEM))
    return _Issuer(certificate, key)


def _admin(folder: Path, issuer: _Issuer, now: datetime) -> None:
    if not (folder / "admin.crt").exists() or not (folder / "admin.key").exists():
        subject = _name("kubernetes-admin", "system:masters")
        _issue(folder / "admin", issuer, _Wanted(subject, _CLIENT), now)


def _server(
    folder: Path, issuer: _Issuer, names: tuple[tuple[str, ...], tuple[str, ...]], now: datetime
) -> None:
    dns, ips = names
    alternatives: list[x509.GeneralName] = [x509.DNSName(one) for one in dict.fromkeys(dns)]
    alternatives += [x509.IPAddress(ip_address(one)) for one in dict.fromkeys(ips)]
    wanted = _Wanted(_name("kube-apiserver"), _SERVER, tuple(alternatives))
    crt, key_file = folder / "server.crt", folder / "server.key"
    if crt.exists() and key_file.exists():
        found = x509.load_pem_x509_certificate(crt.read_bytes())
        names_ = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if set(names_) == set(alternatives) and found.issuer == issuer.certificate.subject:
            return
    _issue(folder / "server", issuer, wanted, now)


@dataclass(frozen=True, slots=True)
class _Wanted:
    subject: x509.Name
    usage: x509.ObjectIdentifier
    alternatives: tuple[x509.GeneralName, ...] = ()


def _issue(stem: Path, issuer: _Issuer, wanted: _Wanted, now: datetime) -> None:
    key = _new_key()
    authority = issuer.key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(wanted.subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([wanted.usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False
        )
    )
    if wanted.alternatives:
        names = x509.SubjectAlternativeName(wanted.alternatives)
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(issuer.key, hashes.SHA256())
    _write(stem.with_suffix(".key"), _key_pem(key))
    _write(stem.with_suffix(".crt"), certificate.public_bytes(serialization.Encoding.PEM))


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=not signs,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs, crl_sign=signs,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(common: str, organization: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _read(crt: Path, key_file: Path) -> _Issuer:
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{key_file} is not an elliptic-curve key")
    return _Issuer(x509.load_pem_x509_certificate(crt.read_bytes()), key)


def _write(path: Path, data: bytes) -> None:
    """Under another name first, so that nobody ever reads half of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    fresh.replace(path)
