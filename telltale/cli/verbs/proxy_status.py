"""`telltale proxy-status`: who is connected to the pilot, and how far each proxy has got."""

from typing import TYPE_CHECKING

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target

if TYPE_CHECKING:
    from telltale.kube.codec import Json


@click.command("proxy-status")
@click.argument("pod", required=False, metavar="[POD[.NAMESPACE]]")
@click.option("-n", "--namespace", default="", help="Only proxies of this namespace.")
@click.option("-v", "--verbosity", type=click.IntRange(0, 1), default=0,
              help="1: a column for each type of configuration.")
@click.option("-o", "--output", "form", type=click.Choice(["table", "json", "yaml"]),
              default="table")
@target
def verb(where: Target, pod: str | None, namespace: str, verbosity: int, form: str) -> None:
    """Every proxy that is connected; or, for one, what the pilot would have it hold against what
    its Envoy holds.

    A type is SYNCED, STALE (sent, not answered yet), ERROR (rejected: the proxy keeps what it had),
    NOT SENT or IGNORED (never asked for). What a proxy rejects is told below, in Envoy's words.

    \b
    telltale proxy-status
    telltale proxy-status -v 1
    telltale proxy-status productpage-v1-5cb458d74f-28nlz.default
    """
    code = finish(_one(where, pod, namespace or "default") if pod
                  else _all(where, namespace, verbosity > 0, form))  # fmt: skip
    click.get_current_context().exit(code)


async def _all(where: Target, namespace: str, wide: bool, form: str) -> int:
    from telltale.cli import tables
    from telltale.inspect import ask, status

    query = {"namespace": namespace} if namespace else {}
    async with where.client() as client:
        pages = await ask.pilot_pages(client, "debug/syncz", query)
    known = [one for page in pages for one in status.clients(page.pilot, page.body)]
    table = status.table(known, wide=wide)
    if form != "table":
        _print(table.objects(), form)
        return 0
    for row in tables.aligned(table.cells()):
        output.line(row)
    for line in status.rejections(known):
        output.note(line)
    return 0


async def _one(where: Target, word: str, namespace: str) -> int:
    """0 when both agree, 2 when they do not."""
    from telltale.inspect import ask, dump
    from telltale.inspect.compare import compare

    async with where.client() as client:
        envoy = await ask.envoy(client, where.server(), word, namespace)
        held = await envoy.dump()
        meta = envoy.pod.metadata
        query = {"proxyID": f"{meta.name}.{meta.namespace}"}
        [page, *_] = await ask.pilot_pages(client, "debug/config_dump", query)
    found = compare(dump.of_json(page.body), held)
    for one in found:
        output.line(str(one))
        for line in one.difference:
            output.line(line)
    return 2 if any(one.difference for one in found) else 0


def _print(found: "list[Json]", form: str) -> None:
    from telltale.kube import codec

    output.line(codec.to_yaml([{"proxies": found}]).rstrip() if form == "yaml" else
                codec.pretty(found))  # fmt: skip
