"""Private keys: made, written and read as PEM. P-256, which every TLS of today takes.

Never: a file, or a certificate.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

Key = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


class BadKey(ValueError):
    """Not a private key that we can use; the message says why and never shows it."""


def new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def to_pem(key: Key) -> bytes:
    """PKCS#8, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def from_pem(pem: bytes) -> Key:
    """Raises `BadKey`."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey("not a private key in PEM, or an encrypted one") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadKey(f"expected an elliptic curve key, found {type(key).__name__}")
    return key


def same(one: PublicKey, other: PublicKey) -> bool:
    how = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    return one.public_bytes(*how) == other.public_bytes(*how)
