"""Access logs: a line for each request or connection. Pure. Never: where to, or when."""

import json
from collections.abc import Iterable, Iterator

from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog, AccessLogFilter
from envoy.config.core.v3.config_source_pb2 import ApiVersion
from envoy.extensions.access_loggers.file.v3.file_pb2 import FileAccessLog
from envoy.extensions.access_loggers.filters.cel.v3.cel_pb2 import ExpressionFilter
from envoy.extensions.access_loggers.grpc.v3.als_pb2 import (
    CommonGrpcAccessLogConfig,
    HttpGrpcAccessLogConfig,
    TcpGrpcAccessLogConfig,
)
from envoy.extensions.access_loggers.open_telemetry.v3.logs_service_pb2 import (
    OpenTelemetryAccessLogConfig,
)

from telltale.model.observed import FileLog, GrpcLog, GrpcLogs, Log
from telltale.pilot.envoy import names
from telltale.pilot.envoy.resources import pack
from telltale.pilot.envoy.telling import counters

# Istio's, of which dashboards and users' scripts know the order.
FIELDS = (
    ("start_time", "%START_TIME%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
    ("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("duration", "%DURATION%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"),
    ("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("requested_server_name", "%REQUESTED_SERVER_NAME%"),
    ("route_name", "%ROUTE_NAME%"),
)
_QUOTED = {
    "upstream_transport_failure_reason", "x_forwarded_for", "user_agent", "request_id",
    "authority", "upstream_host",
}  # fmt: skip
_REQUEST = 4  # so many of the first belong to the request's own quotation


def http(wanted: Iterable[Log]) -> Iterator[AccessLog]:
    for one in wanted:
        if (log := _logger(one, GrpcLogs.TCP)) is not None:
            if one.keep:
                log.filter.CopyFrom(_kept(one.keep))
            yield log


def tcp(wanted: Iterable[Log]) -> Iterator[AccessLog]:
    """At the end of the connection only."""
    for one in wanted:
        if (log := _logger(one, GrpcLogs.HTTP)) is not None:
            if one.keep:
                log.filter.and_filter.filters.extend((counters.ended(), _kept(one.keep)))
            else:
                log.filter.CopyFrom(counters.ended())
            yield log


def _logger(wanted: Log, unfit: GrpcLogs) -> AccessLog | None:
    """None for a service that is told of the other sort only."""
    if isinstance(wanted, FileLog):
        return _file(wanted)
    if wanted.kind is unfit:
        return None
    if wanted.kind is GrpcLogs.OPENTELEMETRY:
        return _otlp(wanted)
    if wanted.kind is GrpcLogs.HTTP:
        http = HttpGrpcAccessLogConfig(common_config=_service(wanted))
        return AccessLog(name="envoy.access_loggers.http_grpc", typed_config=pack(http))
    tcp = TcpGrpcAccessLogConfig(common_config=_service(wanted))
    return AccessLog(name="envoy.access_loggers.tcp_grpc", typed_config=pack(tcp))


def _kept(expression: str) -> AccessLogFilter:
    found = AccessLogFilter()
    found.extension_filter.name = "envoy.access_loggers.extension_filters.cel"
    found.extension_filter.typed_config.CopyFrom(pack(ExpressionFilter(expression=expression)))
    return found


def _file(wanted: FileLog) -> AccessLog:
    file = FileAccessLog(path=wanted.path)
    if wanted.json:
        file.log_format.json_format.update(_object(wanted.form) or dict(FIELDS))
    else:
        text = (wanted.form or _line()).rstrip("\n")
        file.log_format.text_format_source.inline_string = f"{text}\n"
    return AccessLog(name="envoy.access_loggers.file", typed_config=pack(file))


def _object(form: str) -> dict[str, object]:
    found = json.loads(form) if form else {}
    return found if isinstance(found, dict) else {}


def _otlp(wanted: GrpcLog) -> AccessLog:
    config = OpenTelemetryAccessLogConfig(common_config=_service(wanted))
    if wanted.json:
        for name, value in _object(wanted.form).items():
            text = value if isinstance(value, str) else json.dumps(value)
            config.attributes.values.add(key=name).value.string_value = text
    config.body.string_value = (_line() if wanted.json else wanted.form or _line()).rstrip("\n")
    return AccessLog(name="envoy.access_loggers.open_telemetry", typed_config=pack(config))


def _service(wanted: GrpcLog) -> CommonGrpcAccessLogConfig:
    where = wanted.collector
    common = CommonGrpcAccessLogConfig(log_name=wanted.name, transport_api_version=ApiVersion.V3)
    common.grpc_service.envoy_grpc.cluster_name = names.outbound(where.port, where.host)
    common.grpc_service.envoy_grpc.authority = where.host
    return common


def _line() -> str:
    start, *request = (value for _, value in FIELDS[:_REQUEST])
    rest = [f'"{value}"' if name in _QUOTED else value for name, value in FIELDS[_REQUEST:]]
    return " ".join([f"[{start}]", '"{}"'.format(" ".join(request)), *rest]) + "\n"
