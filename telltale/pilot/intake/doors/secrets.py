"""Secrets into the credentials that gateways name. Pure. Never: a word of what is in them.

A key pair is tls.crt and tls.key, or cert and key. Authorities are ca.crt or cacert, in the same
Secret or in one of the same name with `-cacert`, which then goes before.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from telltale.kube.certificates import AUTHORITIES, CHAINS, KEYS, REVOKED
from telltale.kube.cluster import Secret
from telltale.model.gateway import Credential
from telltale.model.keys import Keyring, Material

SUFFIX = "-cacert"
_RSA_BITS = 2048  # Envoy refuses a shorter one


class Broken(ValueError):
    """What is wrong with a credential; never its content."""


def read(given: Iterable[Secret]) -> Keyring:
    """What each Secret holds: a key pair, authorities, or both."""
    good: dict[Credential, Material] = {}
    broken: dict[Credential, str] = {}

    def take(credential: Credential, secret: Secret, of: Callable[[Secret], Material]) -> None:
        good.pop(credential, None)
        broken.pop(credential, None)
        try:
            good[credential] = of(secret)
        except Broken as error:
            broken[credential] = str(error)

    # Those with the suffix last: what they say goes before the other Secret's own.
    for secret in sorted(given, key=lambda one: one.metadata.name.endswith(SUFFIX)):
        name, namespace = secret.metadata.name, secret.metadata.namespace
        if any(key in secret.data for key in (*CHAINS, *KEYS)):
            take(Credential(name, namespace), secret, _pair)
        if any(key in secret.data for key in AUTHORITIES):
            known = Credential(name.removesuffix(SUFFIX), namespace, authority=True)
            take(known, secret, _authorities)
    return Keyring(good, broken)


def standing(keyring: Keyring) -> dict[Credential, str]:
    """Of each credential what is wrong with it, empty for nothing: all that the mesh knows."""
    return {**dict.fromkeys(keyring.good, ""), **keyring.broken}


def _pair(secret: Secret) -> Material:
    chain_key = _first(secret, CHAINS)
    chain = _value(secret, chain_key)
    key_key = KEYS[CHAINS.index(chain_key)]
    key = _value(secret, key_key)
    if wrong := _unfit(chain_key, chain, key_key, key):
        raise Broken(wrong)
    return Material(chain=chain, key=key)


def _authorities(secret: Secret) -> Material:
    name = _first(secret, AUTHORITIES)
    found = _value(secret, name)
    if wrong := _no_certificates(name, found):
        raise Broken(wrong)
    revoked = _value(secret, REVOKED) if REVOKED in secret.data else b""
    if revoked:
        try:
            x509.load_pem_x509_crl(revoked)
        except ValueError as error:
            raise Broken(f"{REVOKED} is not a list of revoked certificates in PEM") from error
    return Material(authorities=found, revoked=revoked)


def _first(secret: Secret, names: tuple[str, ...]) -> str:
    return next((name for name in names if name in secret.data), names[0])


def _value(secret: Secret, name: str) -> bytes:
    if not secret.data.get(name):
        raise Broken(f"{name} is missing")
    try:
        return base64.b64decode(secret.data[name], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Broken(f"{name} is not base64") from error


@lru_cache(maxsize=256)
def _no_certificates(name: str, pem: bytes) -> str:
    """What is wrong with certificates in PEM; empty for nothing."""
    try:
        x509.load_pem_x509_certificates(pem)
    except ValueError:
        return f"{name} is not a certificate in PEM"
    return ""


@lru_cache(maxsize=256)  # every change of the mesh asks again, and checking a key takes its time
def _unfit(chain_name: str, chain: bytes, key_name: str, key: bytes) -> str:
    """What is wrong with a key pair; empty for nothing."""
    if wrong := _no_certificates(chain_name, chain):
        return wrong
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return f"{key_name} is not a private key in PEM without a password"
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size < _RSA_BITS:
        size = private.key_size
        return f"{key_name} is an RSA key of {size} bits, fewer than the {_RSA_BITS} Envoy asks for"
    leaf = x509.load_pem_x509_certificates(chain)[0]
    plain = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if leaf.public_key().public_bytes(*plain) != private.public_key().public_bytes(*plain):
        return f"{key_name} is not the key of the certificate in {chain_name}"
    return ""
