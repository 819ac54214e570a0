"""`telltale route`: which way a request would take, and which object decides each step."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from telltale.app.errors import Refused
from telltale.cli import output
from telltale.cli.options import Target, finish, target

if TYPE_CHECKING:
    from telltale.inspect.way import Way
    from telltale.model.options import Options
    from telltale.pilot.intake.read import Objects


@click.command("route")
@click.argument("source", metavar="FROM")
@click.argument("to", metavar="TO[:PORT][/PATH]")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE",
              help="A header of the request; may be given more than once.")
@click.option("-X", "--method", default="GET", help="The request's method (GET).")
@click.option("-f", "--filename", "files", multiple=True, metavar="FILE",
              help="Read the objects from YAML files instead of a cluster.")
@click.option("-n", "--namespace", default="default", help="The namespace of FROM (default).")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json", "yaml"]), default="text")
@target
def verb(
    where: Target, source: str, to: str, headers: tuple[str, ...], method: str,
    files: tuple[str, ...], namespace: str, form: str,
) -> None:  # fmt: skip
    """The listener, route, cluster and endpoints of a request from workload FROM, and which object
    decides each step. Nothing is sent: the objects are read and judged as Envoy would.

    FROM is a pod, KIND/NAME or a workload's name. TO may be http://, https:// or tcp://.
    Exit codes: 0 forwarded or answered, 1 refused or failed, 3 cannot be told.

    \b
    telltale route productpage-v1 reviews:9080/reviews/0
    telltale route deploy/productpage-v1 reviews:9080 -H 'end-user: jason'
    telltale route web shop.example.com/cart --method POST -f app.yaml -f routes.yaml
    """
    from telltale.inspect import told
    from telltale.inspect.request import parse
    from telltale.inspect.source import source as whose
    from telltale.inspect.way import Outcome, way
    from telltale.kube import codec
    from telltale.pilot.intake.read import read

    request = parse(to, headers, method)
    objects, options = _files(files, namespace) if files else finish(_live(where))
    mesh, problems = read(objects, options)
    asker = whose(objects.pods, source, namespace)
    found = way(mesh, asker.proxy, request)
    if form == "text":
        _show(found, asker.outside and not files, told.concerning(found, problems))
    else:
        said = told.as_json(found)
        output.line(codec.to_yaml([said]).rstrip() if form == "yaml" else codec.pretty(said))
    code = {Outcome.REFUSED: 1, Outcome.UNDECIDED: 3}.get(found.outcome, 0)
    click.get_current_context().exit(code)


def _show(found: "Way", outside: bool, problems: list[str]) -> None:
    from telltale.cli import tables
    from telltale.inspect import told

    if outside:
        output.note(f"{found.source} has no sidecar: this is the way that it would take with one")
    for problem in problems:
        output.note(problem)
    output.line(f"{found.source}  {found.request}\n")
    for row in tables.aligned(told.cells(found)):
        output.line(row)
    output.line(f"\n{told.summary(found)}")


async def _live(where: Target) -> "tuple[Objects, Options]":
    from telltale.inspect import live

    async with where.client() as client:
        return await live.objects(client), await live.options(client)


def _files(files: tuple[str, ...], namespace: str) -> "tuple[Objects, Options]":
    from telltale.inspect import objects
    from telltale.kube import codec
    from telltale.kube.codec import Malformed
    from telltale.model.options import DEFAULT

    documents = []
    for file in files:
        try:
            documents += codec.parse_yaml(Path(file).read_text())
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{file}: cannot be read: {error}") from error
        except Malformed as error:
            raise Refused(f"{file}: {error}") from error
    return objects.of(documents, namespace), DEFAULT
