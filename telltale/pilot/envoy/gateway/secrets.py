"""Credentials as Envoy's secrets, and the names by which its TLS contexts ask for them. Pure.

Never: who may have which (that is the plan's).
"""

from collections.abc import Iterable

from envoy.extensions.transport_sockets.tls.v3.common_pb2 import CertificateValidationContext
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import Secret

from telltale.model.gateway import Credential
from telltale.model.keys import Keyring
from telltale.pilot.envoy import names


def of(wanted: Iterable[Credential], keyring: Keyring, namespace: str) -> tuple[Secret, ...]:
    """The secrets of a proxy in `namespace`; one that the keyring lacks is left out."""
    found: dict[str, Secret] = {}
    for credential in wanted:
        name = names.secret(credential, namespace)
        if credential in keyring.good and name not in found:
            found[name] = _secret(name, credential, keyring)
    return tuple(found[name] for name in sorted(found))


def _secret(name: str, credential: Credential, keyring: Keyring) -> Secret:
    material = keyring.good[credential]
    secret = Secret(name=name)
    if credential.authority:
        secret.validation_context.trusted_ca.inline_bytes = material.authorities
        if material.revoked:
            secret.validation_context.crl.inline_bytes = material.revoked
            secret.validation_context.only_verify_leaf_cert_crl = True
        secret.validation_context.trust_chain_verification = (
            CertificateValidationContext.VERIFY_TRUST_CHAIN
        )
    else:
        secret.tls_certificate.certificate_chain.inline_bytes = material.chain
        secret.tls_certificate.private_key.inline_bytes = material.key
    return secret
