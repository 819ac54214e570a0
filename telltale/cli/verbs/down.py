"""`telltale down`: stop the embedded cluster, leaving nothing behind in the machine."""

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target


@click.command("down")
@click.option("--delete", is_flag=True, help="Forget its objects, keys and images too.")
@target
def verb(where: Target, delete: bool) -> None:
    """Stop the embedded cluster: no process, namespace, interface, rule or mount stays.

    Its objects stay in --home, so that `telltale up` brings it back; --delete forgets them.
    """
    from telltale.app import removal

    home = where.home
    found = finish(removal.down(home, output.Progress()))
    kept = home.path.exists()
    left = removal.forget(home) if delete else []
    if left:
        output.note(f"{home.path} stays: {', '.join(left[:3])} in it is not the cluster's")
    if delete and kept:
        output.note("stopped and deleted" if found else f"deleted {home.path}")
    else:
        output.note("stopped" if found else f"nothing to stop: no cluster runs in {home.path}")
