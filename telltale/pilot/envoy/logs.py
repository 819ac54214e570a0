"""Access logs: a line for each request or connection. Pure. Never: where to, or when."""

from collections.abc import Iterable, Iterator

from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog
from envoy.extensions.access_loggers.file.v3.file_pb2 import FileAccessLog

from telltale.model.observed import FileLog
from telltale.pilot.envoy import counters
from telltale.pilot.envoy.resources import pack

# Istio's, of which dashboards and users' scripts know the order.
_FIELDS = (
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


def http(wanted: Iterable[FileLog]) -> Iterator[AccessLog]:
    yield from (_file(one) for one in wanted)


def tcp(wanted: Iterable[FileLog]) -> Iterator[AccessLog]:
    """At the end of the connection only."""
    for one in wanted:
        log = _file(one)
        log.filter.CopyFrom(counters.ended())
        yield log


def _file(wanted: FileLog) -> AccessLog:
    file = FileAccessLog(path=wanted.path)
    if wanted.json:
        fields = wanted.fields or _FIELDS
        file.log_format.json_format.update(dict(fields))
    else:
        file.log_format.text_format_source.inline_string = wanted.text or _line()
    return AccessLog(name="envoy.access_loggers.file", typed_config=pack(file))


def _line() -> str:
    start, *request = (value for _, value in _FIELDS[:_REQUEST])
    rest = [f'"{value}"' if name in _QUOTED else value for name, value in _FIELDS[_REQUEST:]]
    return " ".join([f"[{start}]", '"{}"'.format(" ".join(request)), *rest]) + "\n"
