"""Route tables in rows: table, virtual host, domains, path, VirtualService. Pure.

Never: which of them a request would take (that is `matching`).
"""

from collections.abc import Iterable, Iterator

from telltale.inspect.dump import objects, text, words
from telltale.inspect.rows import EVERYTHING, Row, Table, Wanted, origin
from telltale.kube.codec import Object

TITLES = ("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE")
_SHOWN_MOST = 2


def table(tables: Iterable[Object], wanted: Wanted = EVERYTHING) -> Table:
    kept = [one for one in tables if wanted.name in ("", text(one, "name"))]
    kept.sort(key=lambda one: (text(one, "name").zfill(5), text(one, "name")))
    return Table(TITLES, tuple(row for one in kept for row in _rows(one)))


def _rows(table: Object) -> Iterator[Row]:
    for host in objects(table.get("virtual_hosts")):
        named = text(table, "name"), text(host, "name"), _domains(words(host.get("domains")))
        for route in objects(host.get("routes")):
            yield Row((*named, _path(route), _service(route)), table)
        if not host.get("routes"):
            yield Row((*named, "", "404"), table)


def _domains(known: tuple[str, ...]) -> str:
    if len(known) <= _SHOWN_MOST:
        return ", ".join(known)
    return f"{', '.join(known[:_SHOWN_MOST])} + {len(known) - _SHOWN_MOST} more..."


def _path(route: Object) -> str:
    said = []
    if prefix := text(route, "match", "prefix"):
        said.append(f"{prefix}*")
    if prefix := text(route, "match", "path_separated_prefix"):
        said.append(f"PathPrefix:{prefix}")
    if path := text(route, "match", "path"):
        said.append(path)
    if regex := text(route, "match", "safe_regex", "regex"):
        said.append(f"regex {regex}")
    return " ".join(said)


def _service(route: Object) -> str:
    """The object that the route comes from, when a user wrote one."""
    return origin(text(route, "metadata", "filter_metadata", "istio", "config"))
