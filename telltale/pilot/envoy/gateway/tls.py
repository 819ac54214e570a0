"""How a gateway's chain opens TLS. Pure.

Never: a certificate itself: it comes by SDS, so that a new one changes no listener.
"""

from envoy.config.core.v3.base_pb2 import TransportSocket
from envoy.config.core.v3.config_source_pb2 import ApiVersion
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import (
    CertificateValidationContext,
    SubjectAltNameMatcher,
    TlsParameters,
)
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import SdsSecretConfig

from telltale.model.gateway import Credential, Ends, ServerTls, TlsVersion
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import pack

ALPN = ("h2", "http/1.1")
_VERSIONS = {
    TlsVersion.TLS_1_0: TlsParameters.TLSv1_0, TlsVersion.TLS_1_1: TlsParameters.TLSv1_1,
    TlsVersion.TLS_1_2: TlsParameters.TLSv1_2, TlsVersion.TLS_1_3: TlsParameters.TLSv1_3,
}  # fmt: skip


def socket(tls: ServerTls, namespace: str, *, http: bool) -> TransportSocket:
    """What stands at the top of a chain for a proxy in `namespace`."""
    context = tls_pb2.DownstreamTlsContext()
    context.require_client_certificate.value = tls.ends is Ends.MUTUAL
    common = context.common_tls_context
    params = common.tls_params
    params.tls_minimum_protocol_version = _VERSIONS[tls.minimum or TlsVersion.TLS_1_2]
    if tls.maximum:
        params.tls_maximum_protocol_version = _VERSIONS[tls.maximum]
    params.cipher_suites.extend(tls.ciphers)
    if http:
        common.alpn_protocols.extend(ALPN)
    for key in tls.keys:
        by_sds(common.tls_certificate_sds_secret_configs.add(), key, namespace)
    if authorities := tls.judges:
        combined = common.combined_validation_context
        combined.default_validation_context.CopyFrom(_judged(tls))
        by_sds(combined.validation_context_sds_secret_config, authorities, namespace)
    elif tls.trusted:
        common.validation_context.CopyFrom(_judged(tls))
        common.validation_context.trusted_ca.inline_string = tls.trusted
    return TransportSocket(name="envoy.transport_sockets.tls", typed_config=pack(context))


def _judged(tls: ServerTls) -> CertificateValidationContext:
    found = CertificateValidationContext(
        verify_certificate_spki=tls.spki, verify_certificate_hash=tls.hashes
    )
    for name in tls.sans:
        for kind in (SubjectAltNameMatcher.DNS, SubjectAltNameMatcher.URI,
                     SubjectAltNameMatcher.EMAIL, SubjectAltNameMatcher.IP_ADDRESS):  # fmt: skip
            found.match_typed_subject_alt_names.add(san_type=kind).matcher.exact = name
    if tls.unverified:
        found.trust_chain_verification = CertificateValidationContext.ACCEPT_UNTRUSTED
    return found


def by_sds(config: SdsSecretConfig, credential: Credential, namespace: str) -> None:
    """A secret that comes by itself, as a proxy in `namespace` asks for it."""
    config.name = names.secret(credential, namespace)
    config.sds_config.ads.SetInParent()
    config.sds_config.resource_api_version = ApiVersion.V3
