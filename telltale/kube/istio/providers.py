"""The settings of MeshConfig's extension providers, as far as they are followed. Never: a meaning.
"""

from typing import Literal

from telltale.kube.codec import Object
from telltale.kube.istio.message import Count, Duration, Message


class LogFormat(Message):
    """One of the two."""

    text: str | None = None
    labels: Object | None = None


class FileAccessLog(Message):
    path: str = ""
    log_format: LogFormat | None = None


class OtelLog(Message):
    service: str = ""
    port: int = 0
    log_name: str = ""
    log_format: LogFormat | None = None


class Als(Message):
    service: str = ""
    port: int = 0
    log_name: str = ""


class HttpHeader(Message):
    name: str = ""
    value: str = ""


class HttpExport(Message):
    path: str = ""
    timeout: Duration | None = None
    headers: list[HttpHeader] = []


class OpenTelemetry(Message):
    service: str = ""
    port: int = 0
    max_tag_length: Count = 0
    http: HttpExport | None = None


class Zipkin(Message):
    service: str = ""
    port: int = 0
    max_tag_length: Count = 0
    enable64bit_trace_id: bool = False
    path: str = ""
    trace_context_option: Literal["USE_B3", "USE_B3_WITH_W3C_PROPAGATION"] = "USE_B3"
