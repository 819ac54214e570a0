"""`telltale node`: the embedded cluster's supervisor, which `up` starts in the background."""

import click

from telltale.cli.options import Target, target


@click.command("node")
@click.option("--held", type=int, hidden=True, help="The lock that `up` holds for us.")
@target
def verb(where: Target, held: int | None) -> None:
    """Run the supervisor of the cluster in --home until told to stop; its pods go on."""
    from telltale.app import supervisor
    from telltale.app.home import ClusterSettings

    supervisor.start(where.home, where.home.settings() or ClusterSettings(), held)
