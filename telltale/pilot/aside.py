"""The debug types that istioctl asks for over xDS: pages as resources that are answered once.

    istio.io/debug/syncz        a ClientConfig for each proxy that is connected
    istio.io/debug/config_dump  the sections of one proxy's dump
    istio.io/debug              any page, by its name and query

Never: who may ask, or the stream.
"""

from urllib.parse import parse_qsl, urlsplit

from envoy.admin.v3.config_dump_pb2 import SecretsConfigDump
from envoy.admin.v3.config_dump_shared_pb2 import (
    ClustersConfigDump,
    ListenersConfigDump,
    RoutesConfigDump,
)
from envoy.service.status.v3 import csds_pb2 as csds
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.json_format import ParseDict

from telltale.kube import codec
from telltale.kube.codec import dig
from telltale.pilot import debug, pages
from telltale.pilot.pages import Asked
from telltale.pilot.push import Push
from telltale.pilot.status import Connection, Status, TypeStatus
from telltale.pilot.xds import wire
from telltale.pilot.xds.order import TYPES
from telltale.pilot.xds.resource import Resource, make, of_any

DEBUG = "istio.io/debug"
SYNCZ = f"{DEBUG}/syncz"
CONFIG_DUMP = f"{DEBUG}/config_dump"
# ParseDict knows the types of modules that are imported.
DUMPS = (ClustersConfigDump, ListenersConfigDump, RoutesConfigDump, SecretsConfigDump)


class Unanswered(ValueError):
    """It cannot be answered; the message says why."""


def is_debug(type_url: str) -> bool:
    return type_url in (DEBUG, SYNCZ, CONFIG_DUMP)


def answer(
    push: Push, status: Status, type_url: str, names: tuple[str, ...]
) -> tuple[Resource, ...]:
    """Raises `Unanswered`."""
    if type_url == SYNCZ:
        known = sorted(status.connections.values(), key=lambda one: one.id)
        return tuple(make(one.proxy.workload.key, _client(one)) for one in known)
    if len(names) != 1:
        raise Unanswered(f"{type_url}: exactly one resource name is needed, found {len(names)}")
    try:
        if type_url == CONFIG_DUMP:
            return _dump(push, status, names[0])
        return (_page(push, status, names[0]),)
    except (pages.NoPage, pages.Incomplete, debug.Unknown) as error:
        raise Unanswered(str(error)) from error


def _dump(push: Push, status: Status, proxy_id: str) -> tuple[Resource, ...]:
    sections = dig(debug.config_dump(push, status, proxy_id), "configs", default=[])
    assert isinstance(sections, list)
    packed = (ParseDict(one, Packed()) for one in sections if isinstance(one, dict))
    return tuple(of_any("", one.SerializeToString()) for one in packed)


def _page(push: Push, status: Status, name: str) -> Resource:
    """`edsz?proxyID=x`: the body is the value of an Any of our own type."""
    asked = urlsplit(name)
    query = dict(parse_qsl(asked.query, keep_blank_values=True))
    body = codec.encode(pages.page(asked.path, Asked(push, status, query)))
    return of_any(name, wire.any_of(DEBUG, body))


def _client(one: Connection) -> csds.ClientConfig:
    client = csds.ClientConfig()
    client.node.id = one.proxy.workload.key
    client.node.metadata.update({
        "CLUSTER_ID": one.proxy.cluster, "NAMESPACE": one.proxy.namespace,
        "ISTIO_VERSION": one.proxy.version,
    })  # fmt: skip
    for type_url in TYPES:
        config = client.generic_xds_configs.add(type_url=type_url)
        if known := one.known().get(type_url):
            _fill(config, known)
    return client


def _fill(config: csds.ClientConfig.GenericXdsConfig, known: TypeStatus) -> None:
    config.version_info = known.acked_version
    config.config_status = _status(known)
    if known.sent_at:
        config.last_updated.FromDatetime(known.sent_at)
    if known.error:
        config.error_state.details = known.error
        config.error_state.version_info = known.sent_version


def _status(known: TypeStatus) -> int:
    """Istio's words for it, as `proxy-status` shows them."""
    if known.error:
        return int(csds.ERROR)
    if not known.sent:
        return int(csds.NOT_SENT)
    return int(csds.SYNCED if known.sent == known.acked else csds.STALE)
