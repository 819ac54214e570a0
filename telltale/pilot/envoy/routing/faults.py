"""Delays and aborts on purpose, and the shares of requests that they are for. Pure."""

from envoy.config.route.v3.route_components_pb2 import Route
from envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault
from envoy.type.v3.percent_pb2 import FractionalPercent

from telltale.model.route import Abort, Delay
from telltale.pilot.envoy.resources import pack
from telltale.pilot.envoy.times import duration

FILTER = "envoy.filters.http.fault"
_MILLION = 1_000_000


def apply(route: Route, delay: Delay | None, abort: Abort | None) -> None:
    """For this route alone; the filter in the chain says nothing itself."""
    if delay is None and abort is None:
        return
    fault = HTTPFault()
    if delay is not None:
        fault.delay.fixed_delay.CopyFrom(duration(delay.seconds))
        fault.delay.percentage.CopyFrom(part(delay.share))
    if abort is not None:
        if abort.grpc is not None:
            fault.abort.grpc_status = abort.grpc
        else:
            fault.abort.http_status = abort.http
        fault.abort.percentage.CopyFrom(part(abort.share))
    route.typed_per_filter_config[FILTER].CopyFrom(pack(fault))


def part(share: float) -> FractionalPercent:
    return FractionalPercent(
        numerator=round(share * _MILLION), denominator=FractionalPercent.MILLION
    )
