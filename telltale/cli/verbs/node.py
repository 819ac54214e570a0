"""`telltale node`: the embedded cluster's supervisor itself, which `up` starts in the background."""

import click

from telltale.cli.options import Target, target


@click.command("node")
@target
def verb(where: Target) -> None:
    """Run the supervisor of the cluster in --home until told to stop; its pods go on."""
    from telltale.app import supervisor
    from telltale.app.home import ClusterSettings

    supervisor.start(where.home, where.home.settings() or ClusterSettings())
