"""Clusters in rows: service, port, subset, direction, type, DestinationRule. Pure.

Never: their endpoints.
"""

from collections.abc import Iterable

from telltale.inspect.dump import text
from telltale.inspect.rows import EVERYTHING, Row, Table, Wanted, by_place, origin
from telltale.kube.codec import Object

TITLES = ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE")


def table(clusters: Iterable[Object], wanted: Wanted = EVERYTHING) -> Table:
    rows = (row for one in clusters if _fits(row := Row(_cells(one), one), wanted))
    return Table(TITLES, by_place(rows))


def _cells(cluster: Object) -> tuple[str, ...]:
    name = text(cluster, "name")
    rule = origin(text(cluster, "metadata", "filter_metadata", "istio", "config"))
    kind = text(cluster, "type") or text(cluster, "cluster_type", "name") or "STATIC"
    parts = name.split("|")
    if len(parts) != 4:
        return name, "-", "-", "-", kind, rule
    direction, port, subset, host = parts
    return host, port, subset or "-", direction, kind, rule


def _fits(row: Row, wanted: Wanted) -> bool:
    host, port, subset, direction, *_ = row.cells
    return (
        (not wanted.port or port == str(wanted.port))
        and wanted.fqdn in host
        and wanted.direction in ("", direction)
        and wanted.subset in ("", subset)
        and wanted.name in ("", text(row.object, "name"))
    )
