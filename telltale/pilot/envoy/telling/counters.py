"""How Envoy counts requests and connections: access loggers that write statistics. Pure.

They run once a request, after its end, so that all is known. A formatter costs a request about a
microsecond: hence few tags (`model.metric`). Never: Istio's labels; the agent makes them.
"""

from collections.abc import Iterable, Iterator, Mapping

from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog, AccessLogFilter
from envoy.data.accesslog.v3.accesslog_pb2 import AccessLogType
from envoy.extensions.access_loggers.stats.v3.stats_pb2 import Config

from telltale.model.metric import PEER_PLACE, STAT_PREFIX, Metric, Reporter, Tag
from telltale.model.observed import Counting, Label
from telltale.pilot.envoy.resources import pack

LOGGER = "envoy.access_loggers.stats"

_FROM: Mapping[Reporter, Mapping[str, str]] = {
    Reporter.SOURCE: {
        Tag.PEER: "%UPSTREAM_METADATA(istio:workload)%",
        Tag.OWN_PRINCIPAL: "%UPSTREAM_LOCAL_URI_SAN%",
        Tag.PEER_PRINCIPAL: "%UPSTREAM_PEER_URI_SAN%",
    },
    Reporter.DESTINATION: {
        Tag.PEER: "%DYNAMIC_METADATA({}:{})%".format(*PEER_PLACE),
        Tag.OWN_PRINCIPAL: "%DOWNSTREAM_LOCAL_URI_SAN%",
        Tag.PEER_PRINCIPAL: "%DOWNSTREAM_PEER_URI_SAN%",
    },
}
_SERVICE: Mapping[str, str] = {Tag.SERVICE: "%CLUSTER_METADATA(telltale:service)%"}
_FLAGS: Mapping[str, str] = {Tag.FLAGS: "%RESPONSE_FLAGS%"}
_HTTP: Mapping[str, str] = {Tag.CODE: "%RESPONSE_CODE%", Tag.GRPC: "%GRPC_STATUS_NUMBER%"}
_ONE = "1"
_COUNTED = {
    Metric.REQUESTS: _ONE,
    Metric.OPENED: _ONE,
    Metric.CLOSED: _ONE,
    Metric.SENT: "%BYTES_SENT%",
    Metric.RECEIVED: "%BYTES_RECEIVED%",
}
_MEASURED = {
    Metric.DURATION: ("%DURATION%", Config.Histogram.Milliseconds),
    Metric.REQUEST_BYTES: ("%BYTES_RECEIVED%", Config.Histogram.Bytes),
    Metric.RESPONSE_BYTES: ("%BYTES_SENT%", Config.Histogram.Bytes),
}
_ENDED = (Metric.CLOSED, Metric.SENT, Metric.RECEIVED)
# A connection that never got one to its destination ends with one of these.
_UNCONNECTED = ("UF", "UH", "UO", "URX", "NR", "NC", "DPE", "UT")


def http(reporter: Reporter, counting: Counting) -> Iterator[AccessLog]:
    """One logger for all that is counted of a request."""
    wanted = [one for one in (Metric.REQUESTS, *_MEASURED) if one not in counting.off]
    if wanted:
        yield _logger(reporter, counting, wanted)


def tcp(reporter: Reporter, counting: Counting) -> Iterator[AccessLog]:
    """One logger for a connection's begin, one for its end."""
    if Metric.OPENED not in counting.off:
        yield _logger(reporter, counting, [Metric.OPENED], _begun())
    wanted = [one for one in _ENDED if one not in counting.off]
    if wanted:
        yield _logger(reporter, counting, wanted, ended())


def ended() -> AccessLogFilter:
    """The end of a connection, and not its begin, of which the TCP proxy tells too."""
    return _when(AccessLogType.TcpConnectionEnd)


def _begun() -> AccessLogFilter:
    failed = AccessLogFilter()
    failed.response_flag_filter.flags.extend(_UNCONNECTED)
    begun = AccessLogFilter()
    never = begun.or_filter.filters.add()
    never.and_filter.filters.extend((ended(), failed))
    begun.or_filter.filters.append(_when(AccessLogType.TcpUpstreamConnected))
    return begun


def _when(kind: AccessLogType) -> AccessLogFilter:
    found = AccessLogFilter()
    found.log_type_filter.types.append(kind)
    return found


def _logger(
    reporter: Reporter, counting: Counting, metrics: Iterable[Metric],
    when: AccessLogFilter | None = None,
) -> AccessLog:  # fmt: skip
    config = Config(stat_prefix=STAT_PREFIX)
    for metric in metrics:
        if metric in _MEASURED:
            histogram = config.histograms.add()
            histogram.value_format, histogram.unit = _MEASURED[metric]
            stat = histogram.stat
        else:
            counter = config.counters.add()
            if _COUNTED[metric] == _ONE:
                counter.value_fixed.value = 1
            else:
                counter.value_format = _COUNTED[metric]
            stat = counter.stat
        stat.name = metric
        for name, value in _tags(reporter, metric, counting.labels.get(metric, ())).items():
            stat.tags.add(name=name, value_format=value)
    made = AccessLog(name=LOGGER, typed_config=pack(config))
    if when is not None:
        made.filter.CopyFrom(when)
    return made


def _tags(reporter: Reporter, metric: Metric, labels: tuple[Label, ...]) -> dict[str, str]:
    tags: dict[str, str] = {Tag.REPORTER: reporter.value, **_FROM[reporter], **_SERVICE, **_FLAGS}
    if not metric.tcp:
        tags |= _HTTP
    for label in labels:
        if label.expression:
            tags[label.name] = f"%CEL({label.expression})%"
        elif label.name in (Tag.CODE, Tag.FLAGS):  # the others tell the agent what it must know
            tags.pop(label.name, None)
    without = ",".join(label.name for label in labels if not label.expression)
    return tags | ({Tag.WITHOUT: without} if without else {})
