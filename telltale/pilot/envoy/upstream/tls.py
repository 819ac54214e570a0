"""How connections to a cluster are wrapped: TLS, and the PROXY protocol around it. Pure.

Paths are in the proxy's container. Never: a certificate's content.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.base_pb2 import TransportSocket
from envoy.config.core.v3.proxy_protocol_pb2 import ProxyProtocolConfig
from envoy.extensions.transport_sockets.proxy_protocol.v3.upstream_proxy_protocol_pb2 import (
    ProxyProtocolUpstreamTransport,
)
from envoy.extensions.transport_sockets.raw_buffer.v3.raw_buffer_pb2 import RawBuffer
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import (
    CertificateValidationContext,
    SubjectAltNameMatcher,
    TlsParameters,
)
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import UpstreamTlsContext

from telltale.model.gateway import Credential
from telltale.model.policy import Tls, TlsMode, Traffic
from telltale.pilot.envoy.gateway.tls import by_sds
from telltale.pilot.envoy.resources import pack

SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True, slots=True)
class Given:
    """Credentials that a proxy in `namespace` may have, by SDS."""

    credentials: tuple[Credential, ...] = ()
    namespace: str = ""


NOTHING = Given()


def wrap(
    cluster: Cluster, traffic: Traffic, alpn: Sequence[str] = (), given: Given = NOTHING
) -> None:
    """Nothing at all where connections are plain."""
    socket = None
    if traffic.tls and traffic.tls.mode in (TlsMode.SIMPLE, TlsMode.MUTUAL):
        socket = _tls(traffic.tls, alpn, given)
    if traffic.proxy_protocol:
        socket = _announced(traffic.proxy_protocol, socket or _plain())
    if socket:
        cluster.transport_socket.CopyFrom(socket)


def _tls(tls: Tls, alpn: Sequence[str], given: Given) -> TransportSocket:
    context = UpstreamTlsContext(sni=tls.sni)
    shared = context.common_tls_context
    shared.tls_params.tls_minimum_protocol_version = TlsParameters.TLSv1_2
    shared.tls_params.tls_maximum_protocol_version = TlsParameters.TLSv1_3
    shared.alpn_protocols.extend(alpn)
    if tls.mode is TlsMode.MUTUAL and tls.certificate and tls.key:
        own = shared.tls_certificates.add()
        own.certificate_chain.filename = tls.certificate
        own.private_key.filename = tls.key
    authorities = None
    for one in given.credentials:
        if one.authority:
            authorities = one
        else:
            by_sds(shared.tls_certificate_sds_secret_configs.add(), one, given.namespace)
    if authorities and not tls.unverified:
        combined = shared.combined_validation_context
        _name(combined.default_validation_context, tls)
        by_sds(combined.validation_context_sds_secret_config, authorities, given.namespace)
    elif not tls.unverified:
        _verify(shared.validation_context, tls)
    return TransportSocket(name="envoy.transport_sockets.tls", typed_config=pack(context))


def _verify(judged: CertificateValidationContext, tls: Tls) -> None:
    if tls.authorities:
        judged.trusted_ca.inline_string = tls.authorities
    else:
        judged.trusted_ca.filename = tls.ca or SYSTEM_CA
    if tls.crl:
        judged.crl.filename = tls.crl
    _name(judged, tls)


def _name(judged: CertificateValidationContext, tls: Tls) -> None:
    """One of these the server must be."""
    for san in tls.sans:
        wanted = judged.match_typed_subject_alt_names.add()
        wanted.san_type = _kind(san)
        wanted.matcher.exact = san


def _kind(san: str) -> SubjectAltNameMatcher.SanType:
    if "://" in san:
        return SubjectAltNameMatcher.URI
    try:
        ipaddress.ip_address(san)
    except ValueError:
        return SubjectAltNameMatcher.DNS
    return SubjectAltNameMatcher.IP_ADDRESS


def _announced(version: int, inner: TransportSocket) -> TransportSocket:
    """The first bytes say who the client is, before the connection begins in earnest."""
    outer = ProxyProtocolUpstreamTransport(transport_socket=inner)
    outer.config.version = ProxyProtocolConfig.V2 if version == 2 else ProxyProtocolConfig.V1
    return TransportSocket(
        name="envoy.transport_sockets.upstream_proxy_protocol", typed_config=pack(outer)
    )


def _plain() -> TransportSocket:
    return TransportSocket(
        name="envoy.transport_sockets.raw_buffer", typed_config=pack(RawBuffer())
    )
