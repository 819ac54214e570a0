"""`telltale proxy-config`: what one pod's Envoy holds."""

from typing import TYPE_CHECKING

import click

from telltale.app.errors import Refused
from telltale.cli import output
from telltale.cli.options import Target, finish, target

if TYPE_CHECKING:
    from telltale.inspect.ask import Envoy
    from telltale.inspect.rows import Table, Wanted

KINDS = ("listeners", "routes", "clusters", "endpoints", "secrets", "bootstrap", "all")
_SHORT = {
    "l": "listeners", "r": "routes", "c": "clusters", "ep": "endpoints", "s": "secrets",
    "b": "bootstrap", "a": "all",
}  # fmt: skip


@click.command("proxy-config")
@click.argument("kind", metavar="listeners|routes|clusters|endpoints|secrets|bootstrap|all")
@click.argument("pod", metavar="POD[.NAMESPACE]")
@click.option("-n", "--namespace", default="default", help="The pod's namespace (default).")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of this port.")
@click.option("--fqdn", default="", help="Of services whose name holds this.")
@click.option("--direction", type=click.Choice(["inbound", "outbound"]), default=None)
@click.option("--subset", default="", help="Of this subset.")
@click.option("--name", default="", help="Of this name; of an endpoint, its cluster's.")
@click.option("--address", default="", help="Of this address.")
@click.option("--status", default="", help="Endpoints of this health.")
@click.option("-o", "--output", "form", type=click.Choice(["table", "json", "yaml"]),
              default="table")
@target
def verb(
    where: Target, kind: str, pod: str, namespace: str, port: int, fqdn: str,
    direction: str | None, subset: str, name: str, address: str, status: str, form: str,
) -> None:  # fmt: skip
    """What a pod's Envoy holds: its listeners, routes, clusters, endpoints, secrets or bootstrap.

    POD may also be KIND/NAME. The columns are those of `istioctl proxy-config`.

    \b
    telltale proxy-config listeners productpage-v1-5cb458d74f-28nlz --port 9080
    telltale proxy-config clusters deploy/productpage-v1 --fqdn reviews --direction outbound
    telltale proxy-config routes productpage-v1-5cb458d74f-28nlz.default -o json
    """
    from telltale.inspect.rows import Wanted

    wanted = Wanted(port, fqdn, direction or "", subset, name, address, status)
    for number, (title, table) in enumerate(finish(_tables(where, _kind(kind), pod, namespace,
                                                          wanted))):  # fmt: skip
        _show(title if kind in ("all", "a") else "", table, form, first=not number)


def _kind(word: str) -> str:
    """The plural, from a plural, singular or short form."""
    known = {**_SHORT, **{one.rstrip("s"): one for one in KINDS}, **{one: one for one in KINDS}}
    if word not in known:
        raise Refused(f"no such kind {word!r}: one of {', '.join(KINDS)}")
    return known[word]


async def _tables(
    where: Target, kind: str, pod: str, namespace: str, wanted: "Wanted"
) -> "list[tuple[str, Table]]":
    from telltale.inspect import ask

    async with where.client() as client:
        envoy = await ask.envoy(client, where.server(), pod, namespace)
    kinds = KINDS[:-1] if kind == "all" else (kind,)
    return await _read(envoy, kinds, wanted)


async def _read(
    envoy: "Envoy", kinds: tuple[str, ...], wanted: "Wanted"
) -> "list[tuple[str, Table]]":
    from telltale.inspect import bootstrap, clusters, endpoints, listeners, routes, secrets
    from telltale.inspect.dump import Dump
    from telltale.lib.clock import SystemClock

    dump = await envoy.dump() if kinds != ("endpoints",) else Dump(())
    hosts = await envoy.hosts() if "endpoints" in kinds else ()
    made = {
        "listeners": lambda: listeners.table(dump.listeners, wanted),
        "routes": lambda: routes.table(dump.routes, wanted),
        "clusters": lambda: clusters.table(dump.clusters, wanted),
        "endpoints": lambda: endpoints.table(hosts, wanted),
        "secrets": lambda: secrets.table(dump.secrets, SystemClock().now(), wanted),
        "bootstrap": lambda: bootstrap.table(dump.bootstrap),
    }
    return [(kind, made[kind]()) for kind in kinds]


def _show(title: str, table: "Table", form: str, *, first: bool) -> None:
    from telltale.cli import tables
    from telltale.kube import codec

    if form == "json":
        output.line(codec.pretty(table.objects()))
    elif form == "yaml":
        output.line(codec.to_yaml([{title or "configs": table.objects()}]).rstrip())
    else:
        if title and not first:
            output.line()
        for row in tables.aligned(table.cells()):
            output.line(row)
