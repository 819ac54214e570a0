"""What is done to the headers of a request and its answer, in Envoy's words. Pure.

Never: paths. The authority is a header to users, and a thing of its own to Envoy.
"""

from collections.abc import Iterable, Iterator

from envoy.config.core.v3.base_pb2 import HeaderValueOption
from envoy.config.route.v3.route_components_pb2 import Route, WeightedCluster

from telltale.model.route import Edits

_AUTHORITY = ("host", ":authority")


def apply(to: Route | WeightedCluster.ClusterWeight, request: Edits, response: Edits) -> None:
    to.request_headers_to_add.extend(_changes(request))
    to.request_headers_to_remove.extend(request.remove)
    to.response_headers_to_add.extend(_changes(response))
    to.response_headers_to_remove.extend(response.remove)


def authority(request: Edits) -> str:
    """The host that a request is to ask for instead, or nothing."""
    for name, value in (*request.set, *request.add):
        if name.lower() in _AUTHORITY:
            return value
    return ""


def _changes(edits: Edits) -> Iterator[HeaderValueOption]:
    yield from _options(edits.set, HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD)
    yield from _options(edits.add, HeaderValueOption.APPEND_IF_EXISTS_OR_ADD)


def _options(
    pairs: Iterable[tuple[str, str]], action: HeaderValueOption.HeaderAppendAction.ValueType
) -> Iterator[HeaderValueOption]:
    for name, value in pairs:
        if name.lower() not in _AUTHORITY:
            option = HeaderValueOption(append_action=action, keep_empty_value=True)
            option.header.key, option.header.value = name, value
            yield option
