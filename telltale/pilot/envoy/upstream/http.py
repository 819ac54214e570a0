"""How HTTP is spoken to a cluster: which version, how long connections live, what is hashed.

Pure. Never: limits that hold for any protocol.
"""

from enum import StrEnum

from envoy.config.core.v3.protocol_pb2 import Http2ProtocolOptions
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions

from telltale.model.policy import Pool, Tls, TlsMode, Traffic
from telltale.model.service import Protocol
from telltale.pilot.envoy.times import duration
from telltale.pilot.envoy.upstream import ejection
from telltale.pilot.envoy.upstream.balancing import hash_policies

NAME = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_NO_POOL = Pool()


class Version(StrEnum):
    ONE = "1.1"
    TWO = "2"
    AS_CLIENT = "as the client"


def version(protocol: Protocol, pool: Pool | None, *, upgrade: bool) -> Version:
    """`upgrade`: whether the mesh carries HTTP/1.1 over HTTP/2 where nothing else is said."""
    pool = pool or _NO_POOL
    if pool.as_client or protocol is Protocol.AUTO:
        return Version.AS_CLIENT
    if protocol.http2:
        return Version.TWO
    wished = upgrade if pool.upgrade_to_http2 is None else pool.upgrade_to_http2
    return Version.TWO if wished and protocol is Protocol.HTTP else Version.ONE


def options(spoken: Version, traffic: Traffic) -> HttpProtocolOptions:
    pool = traffic.pool or _NO_POOL
    found = HttpProtocolOptions()
    match spoken:
        case Version.ONE:
            found.explicit_http_config.http_protocol_options.SetInParent()
        case Version.TWO:
            _http2(found.explicit_http_config.http2_protocol_options, pool)
        case Version.AS_CLIENT:
            found.use_downstream_protocol_config.http_protocol_options.SetInParent()
            _http2(found.use_downstream_protocol_config.http2_protocol_options, pool)
    _lives(found, pool)
    found.hash_policy.extend(hash_policies(traffic.balancing))
    if traffic.ejection:
        ejection.count_as_errors(found, traffic.ejection.codes)
    if traffic.tls:
        _server_names(found, traffic.tls)
    return found


def _http2(found: Http2ProtocolOptions, pool: Pool) -> None:
    found.SetInParent()
    if pool.streams is not None:
        found.max_concurrent_streams.value = pool.streams
    if pool.http2_interval_s is not None and pool.http2_timeout_s is not None:
        found.connection_keepalive.interval.CopyFrom(duration(pool.http2_interval_s))
        found.connection_keepalive.timeout.CopyFrom(duration(pool.http2_timeout_s))


def _lives(found: HttpProtocolOptions, pool: Pool) -> None:
    shared = found.common_http_protocol_options
    if pool.requests_per_connection is not None:
        shared.max_requests_per_connection.value = pool.requests_per_connection
    if pool.http_idle_s is not None:
        shared.idle_timeout.CopyFrom(duration(pool.http_idle_s))
    if pool.max_age_s is not None:
        shared.max_connection_duration.CopyFrom(duration(pool.max_age_s))


def _server_names(found: HttpProtocolOptions, tls: Tls) -> None:
    """Where nobody says whom to ask for and to expect: the host that the request is for."""
    if tls.mode in (TlsMode.SIMPLE, TlsMode.MUTUAL):
        shared = found.upstream_http_protocol_options
        shared.auto_sni = not tls.sni
        shared.auto_san_validation = not (tls.sni or tls.sans or tls.unverified)
