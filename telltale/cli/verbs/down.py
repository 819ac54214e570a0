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
    import shutil

    from telltale.app import bringup

    found = finish(bringup.down(where.home, output.Progress()))
    if delete and where.home.path.exists():
        shutil.rmtree(where.home.path)
    nothing = f"nothing to stop: no cluster was started in {where.home.path}"
    output.note("stopped" if found else nothing)
