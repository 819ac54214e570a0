"""The hosts that a proxy balances over, in rows: address, health, ejection, cluster. Pure.

Never: how they were chosen.
"""

from collections.abc import Iterable

from telltale.inspect.dump import text
from telltale.inspect.rows import EVERYTHING, Row, Table, Wanted, by_place
from telltale.kube.codec import Object

TITLES = ("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER")


def table(hosts: Iterable[tuple[str, Object]], wanted: Wanted = EVERYTHING) -> Table:
    rows = (
        Row(_cells(cluster, host), {"cluster": cluster, **host})
        for cluster, host in hosts if _fits(cluster, host, wanted)
    )  # fmt: skip
    return Table(TITLES, by_place(rows))


def _cells(cluster: str, host: Object) -> tuple[str, ...]:
    ejected = host.get("health_status", {})
    failed = isinstance(ejected, dict) and ejected.get("failed_outlier_check")
    return _endpoint(host), _status(host), "FAILED" if failed else "OK", cluster


def _endpoint(host: Object) -> str:
    if pipe := text(host, "address", "pipe", "path"):
        return f"unix://{pipe}"
    if name := text(host, "address", "envoy_internal_address", "server_listener_name"):
        return f"envoy://{name}"
    return f"{_address(host)}:{_port(host)}"


def _address(host: Object) -> str:
    return text(host, "address", "socket_address", "address")


def _port(host: Object) -> str:
    return text(host, "address", "socket_address", "port_value")


def _status(host: Object) -> str:
    return text(host, "health_status", "eds_health_status") or "UNKNOWN"


def _fits(cluster: str, host: Object, wanted: Wanted) -> bool:
    parts = cluster.split("|")
    direction, subset, fqdn = (parts[0], parts[2], parts[3]) if len(parts) == 4 else ("", "", "")
    return (
        (not wanted.port or _port(host) == str(wanted.port))
        and wanted.name in ("", cluster)
        and (not wanted.fqdn or wanted.fqdn in (fqdn or cluster))
        and wanted.direction in ("", direction)
        and wanted.subset in ("", subset)
        and wanted.address in ("", _address(host))
        and wanted.status.upper() in ("", _status(host))
    )
