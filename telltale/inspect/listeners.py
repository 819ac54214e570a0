"""Listeners in rows: address, port, what a connection must be, where it goes. Pure.

Never: the routes of a table, only its name.
"""

from collections.abc import Iterable, Iterator

from telltale.inspect.dump import an_object, objects, text, words
from telltale.inspect.rows import EVERYTHING, Row, Table, Wanted
from telltale.kube.codec import Object, dig

TITLES = ("ADDRESSES", "PORT", "MATCH", "DESTINATION")
NOWHERE = "Non-HTTP/Non-TCP"
_PLAIN = {"http/1.0", "http/1.1", "h2c"}


def table(listeners: Iterable[Object], wanted: Wanted = EVERYTHING) -> Table:
    kept = [one for one in listeners if _fits(one, wanted)]
    kept.sort(key=lambda one: (_port(one), _address(one), text(one, "name")))
    return Table(TITLES, tuple(row for one in kept for row in _rows(one)))


def _fits(listener: Object, wanted: Wanted) -> bool:
    direction = text(listener, "traffic_direction").lower()
    return (
        (not wanted.port or _port(listener) == wanted.port)
        and wanted.address in ("", _address(listener))
        and wanted.name in ("", text(listener, "name"))
        and wanted.direction in ("", direction)
    )


def _address(listener: Object) -> str:
    return text(listener, "address", "socket_address", "address")


def _port(listener: Object) -> int:
    found = dig(listener, "address", "socket_address", "port_value", default=0)
    return found if isinstance(found, int) else 0


def _rows(listener: Object) -> Iterator[Row]:
    place = _address(listener), str(_port(listener))
    chains = list(objects(listener.get("filter_chains")))
    if last := an_object(listener.get("default_filter_chain")):
        chains.append({**last, "filter_chain_match": {}})
    rows = [Row((*place, _match(one), _destination(one)), listener) for one in chains]
    # What asks for something stands before what takes everything.
    yield from sorted(rows, key=lambda row: row.cells[2] == "ALL")


def _match(chain: Object) -> str:
    wanted = an_object(chain.get("filter_chain_match"))
    said = []
    if names := words(wanted.get("server_names")):
        said.append(f"SNI: {','.join(names)}")
    if transport := text(wanted, "transport_protocol"):
        said.append(f"Trans: {transport}")
    if spoken := words(wanted.get("application_protocols")):
        said.append(f"App: {'HTTP' if set(spoken) == _PLAIN else ','.join(spoken)}")
    port = text(wanted, "destination_port")
    ranges = [_range(one) for one in objects(wanted.get("prefix_ranges"))]
    if ranges or port:
        tail = f":{port}" if port else ""
        said.append("Addr: " + ",".join(f"{one}{tail}" for one in ranges or ["*"]))
    return "; ".join(said) or "ALL"


def _range(one: Object) -> str:
    length = text(one, "prefix_len") or "0"
    address = text(one, "address_prefix")
    return address if length in ("32", "128") else f"{address}/{length}"


def _destination(chain: Object) -> str:
    for one in objects(chain.get("filters")):
        config = an_object(one.get("typed_config"))
        kind = text(config, "@type").rpartition(".")[2]
        if kind == "HttpConnectionManager":
            return _http(config)
        if kind == "TcpProxy":
            return _tcp(config)
    return NOWHERE


def _http(config: Object) -> str:
    if name := text(config, "rds", "route_config_name"):
        return f"Route: {name}"
    hosts = objects(dig(config, "route_config", "virtual_hosts"))
    found = dict.fromkeys(
        text(route, "route", "cluster") for host in hosts for route in objects(host.get("routes"))
    )
    if len(found) == 1 and (only := next(iter(found))):
        return _to(only)
    shown = [f"{text(host, 'name')} {','.join(words(host.get('domains')))}" for host in hosts]
    return f"Inline Route: {'; '.join(shown)}" if shown else "HTTP"


def _tcp(config: Object) -> str:
    shares = [text(one, "name") for one in objects(dig(config, "weighted_clusters", "clusters"))]
    if shares:
        return "Clusters: " + ", ".join(shares)
    cluster = text(config, "cluster")
    return NOWHERE if cluster == "BlackHoleCluster" else _to(cluster)


def _to(cluster: str) -> str:
    return cluster if cluster.endswith("Cluster") else f"Cluster: {cluster}"
