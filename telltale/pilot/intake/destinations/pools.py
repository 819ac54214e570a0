"""`connectionPool` and `outlierDetection`: limits of connections, and when an endpoint is left out.

Pure. In the API a limit of 0 is one that nobody set. Never: Envoy's defaults.
"""

from dataclasses import replace

from telltale.kube.istio import destinationrule as istio
from telltale.model.policy import Ejection, Keepalive, Pool
from telltale.pilot.intake.destinations.bounds import count, said, span
from telltale.pilot.intake.istio import Reader

_PERCENT = 100
_UPGRADE = {"DEFAULT": None, "DO_NOT_UPGRADE": False, "UPGRADE": True}


def read(reader: Reader, at: str, given: istio.ConnectionPool) -> Pool | None:
    if given.tcp is None and given.http is None:
        reader.wrong(at, "is empty", "it is left out", "set tcp or http, or remove it")
        return None
    pool = _tcp(reader, f"{at}.tcp", given.tcp) if given.tcp else Pool()
    return _http(reader, f"{at}.http", pool, given.http) if given.http else pool


def _tcp(reader: Reader, at: str, tcp: istio.TcpPool) -> Pool:
    return Pool(
        connections=said(reader, f"{at}.maxConnections", tcp.max_connections),
        connect_timeout_s=span(reader, f"{at}.connectTimeout", tcp.connect_timeout),
        keepalive=_keepalive(reader, f"{at}.tcpKeepalive", tcp.tcp_keepalive),
        max_age_s=span(reader, f"{at}.maxConnectionDuration", tcp.max_connection_duration),
        tcp_idle_s=span(reader, f"{at}.idleTimeout", tcp.idle_timeout, least_s=0),
    )


def _keepalive(reader: Reader, at: str, given: istio.TcpKeepalive | None) -> Keepalive | None:
    """Whole seconds from 1, as the kernel counts them."""
    if given is None:
        return None
    return Keepalive(
        probes=said(reader, f"{at}.probes", given.probes),
        idle_s=span(reader, f"{at}.time", given.time, least_s=1),
        interval_s=span(reader, f"{at}.interval", given.interval, least_s=1),
    )


def _http(reader: Reader, at: str, pool: Pool, http: istio.HttpPool) -> Pool:
    if http.use_client_protocol and http.h2_upgrade_policy == "UPGRADE":
        reader.wrong(f"{at}.useClientProtocol", "is said together with h2UpgradePolicy UPGRADE",
                     "useClientProtocol holds", "remove one of them")  # fmt: skip
    interval, timeout = _pings(reader, f"{at}.http2KeepAlive", http.http2_keep_alive)
    return replace(
        pool,
        pending=said(reader, f"{at}.http1MaxPendingRequests", http.http1_max_pending_requests),
        requests=said(reader, f"{at}.http2MaxRequests", http.http2_max_requests),
        requests_per_connection=said(
            reader, f"{at}.maxRequestsPerConnection", http.max_requests_per_connection
        ),
        retries=said(reader, f"{at}.maxRetries", http.max_retries),
        http_idle_s=span(reader, f"{at}.idleTimeout", http.idle_timeout, least_s=0),
        upgrade_to_http2=_UPGRADE[http.h2_upgrade_policy],
        as_client=http.use_client_protocol,
        streams=said(reader, f"{at}.maxConcurrentStreams", http.max_concurrent_streams),
        http2_interval_s=interval, http2_timeout_s=timeout,
    )  # fmt: skip


def _pings(
    reader: Reader, at: str, given: istio.Http2KeepAlive | None
) -> tuple[float | None, float | None]:
    """An interval and a timeout belong together: without either there is no ping."""
    if given is None:
        return None, None
    interval = span(reader, f"{at}.interval", given.interval)
    timeout = span(reader, f"{at}.timeout", given.timeout)
    if interval is None or timeout is None:
        reader.wrong(at, "needs both interval and timeout", "no pings are sent", "set both")
        return None, None
    return interval, timeout


def ejection(reader: Reader, at: str, given: istio.OutlierDetection) -> Ejection:
    return Ejection(
        server_errors=_server_errors(reader, at, given),
        gateway_errors=count(reader, f"{at}.consecutiveGatewayErrors",
                             given.consecutive_gateway_errors),
        local_failures=_local(reader, at, given),
        split_local=given.split_external_local_origin_errors,
        interval_s=span(reader, f"{at}.interval", given.interval),
        base_s=span(reader, f"{at}.baseEjectionTime", given.base_ejection_time),
        max_percent=said(reader, f"{at}.maxEjectionPercent", given.max_ejection_percent,
                         most=_PERCENT),
        min_healthy_percent=said(reader, f"{at}.minHealthPercent", given.min_health_percent,
                                 most=_PERCENT) or 0,
        codes=_codes(reader, f"{at}.outlierDetectionHttpErrorCodes",
                     given.outlier_detection_http_error_codes),
    )  # fmt: skip


def _server_errors(reader: Reader, at: str, given: istio.OutlierDetection) -> int | None:
    old, new = given.consecutive_errors, given.consecutive5xx_errors
    if not old:
        return count(reader, f"{at}.consecutive5xxErrors", new)
    held = "consecutive5xxErrors holds" if new is not None else "it is read as consecutive5xxErrors"
    reader.warn(f"{at}.consecutiveErrors", "is deprecated", held, "write consecutive5xxErrors",
                "deprecated")  # fmt: skip
    read = said(reader, f"{at}.consecutiveErrors", old)
    return read if new is None else count(reader, f"{at}.consecutive5xxErrors", new)


def _local(reader: Reader, at: str, given: istio.OutlierDetection) -> int | None:
    found = given.consecutive_local_origin_failures
    if found and not given.split_external_local_origin_errors:
        reader.wrong(f"{at}.consecutiveLocalOriginFailures",
                     "is said without splitExternalLocalOriginErrors",
                     "such failures count as server errors", "set the split to true")  # fmt: skip
        return None
    return count(reader, f"{at}.consecutiveLocalOriginFailures", found)


def _codes(reader: Reader, at: str, given: list[int]) -> tuple[int, ...]:
    bad = [code for code in given if not 100 <= code <= 599]
    if bad:
        reader.wrong(at, f"{bad[0]} is not an HTTP status", "it is passed over", "use 100 to 599")
    return tuple(sorted({*given} - {*bad}))
