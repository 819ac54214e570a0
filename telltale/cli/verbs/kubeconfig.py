"""`telltale kubeconfig`: the path of the embedded cluster's kubeconfig, for kubectl."""

import click

from telltale.app.errors import Refused
from telltale.cli import output
from telltale.cli.options import Target, target


@click.command("kubeconfig")
@target
def verb(where: Target) -> None:
    """Print the path of the embedded cluster's kubeconfig.

    \b
    export KUBECONFIG=$(telltale kubeconfig)
    """
    if not where.home.kubeconfig.exists():
        raise Refused(
            f"{where.home.path}: no cluster was started here; start one with: telltale up"
        )
    output.line(str(where.home.kubeconfig))
