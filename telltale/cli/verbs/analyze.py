"""`telltale analyze`: what is wrong with the mesh's configuration, in files or in a cluster."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from telltale.app.errors import Refused
from telltale.cli import output
from telltale.cli.options import Target, finish, target

if TYPE_CHECKING:
    from telltale.inspect.analysis import Finding
    from telltale.kube.codec import Object
    from telltale.kube.positions import Position

FOUND = 79  # istioctl's code for the same
LEVELS = ("error", "warning", "info")


@click.command("analyze")
@click.option("-f", "--filename", "files", multiple=True, metavar="FILE",
              help="Judge these files, - for stdin; without it, what the cluster has.")
@click.option("--live", "beside", is_flag=True,
              help="With -f: judge the files as if the cluster had them beside all that it has.")
@click.option("-n", "--namespace", default="default", help="Which namespace (default).")
@click.option("-A", "--all-namespaces", "everywhere", is_flag=True, help="All namespaces.")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json", "yaml"]), default="text")
@click.option("--level", type=click.Choice(LEVELS), default="info",
              help="Show from this level up (info).")
@click.option("--failure-threshold", "threshold", type=click.Choice(LEVELS), default="error",
              help="From which level on to exit with 79 (error).")
@target
def verb(
    where: Target, files: tuple[str, ...], beside: bool, namespace: str, everywhere: bool,
    form: str, level: str, threshold: str,
) -> None:  # fmt: skip
    """Judge Services, pods and all kinds of the mesh: fields and values, and what one object says
    of another. Nothing is changed.

    Of files alone, only what is certain is told: a host in a namespace of which the files have no
    Service may well exist. Exit codes: 0 nothing to be afraid of, 1 it could not be judged,
    79 something at or above --failure-threshold was found. The codes are in docs/analysis.md.

    \b
    telltale analyze -A
    telltale analyze -n shop -o json
    telltale analyze -f app.yaml -f routes.yaml --failure-threshold warning
    kubectl kustomize . | telltale analyze -f - --live
    """
    from telltale.inspect import analysis
    from telltale.pilot.intake.problem import Level

    found = finish(_findings(where, files, beside, namespace, "" if everywhere else namespace))
    shown = [one for one in found if analysis.at_least(one.problem.level, Level(level))]
    _show(shown, form, "all namespaces" if everywhere else f"namespace {namespace}", files)
    worst = analysis.worst(found)
    failed = worst is not None and analysis.at_least(worst, Level(threshold))
    click.get_current_context().exit(FOUND if failed else 0)


async def _findings(
    where: Target, files: tuple[str, ...], beside: bool, namespace: str, only: str
) -> "list[Finding]":
    from telltale.inspect import analysis, live
    from telltale.kube import kinds

    if not files:
        async with where.client() as client:
            whole = await live.objects(client)
            options, wrong = await live.mesh_config(client)
            namespaces = (await client.list(kinds.NAMESPACE)).items
        return analysis.of_cluster(whole, namespaces, only, options, wrong)
    given, places = _read(files)
    if not beside:
        return analysis.of_files(given, places, namespace, None)
    async with where.client() as client:
        whole, options = await live.objects(client), await live.options(client)
    return analysis.of_files(given, places, namespace, whole, options)


def _read(files: tuple[str, ...]) -> "tuple[list[Object], list[Position]]":
    from telltale.kube import codec
    from telltale.kube.codec import Malformed
    from telltale.kube.positions import positions

    given: list[Object] = []
    places: list[Position] = []
    for file in files:
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text()
            given += codec.parse_yaml(text)
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{file}: cannot be read: {error}") from error
        except Malformed as error:
            raise Refused(f"{file}: {error}") from error
        places += positions("stdin" if file == "-" else file, text)
    return given, places


def _show(found: "list[Finding]", form: str, where: str, files: tuple[str, ...]) -> None:
    from telltale.kube import codec

    if form == "text":
        for one in found:
            output.line(str(one))
        if not found:
            output.note(f"nothing wrong in {', '.join(files) or where}")
        return
    shown = [one.json() for one in found]
    if form == "json":
        output.line(codec.pretty(list(shown)))
    else:
        output.line(codec.to_yaml([{"findings": list(shown)}]).rstrip())
