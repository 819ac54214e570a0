"""`telltale mend`: every fault that was made on purpose is taken back, exactly."""

from typing import TYPE_CHECKING

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target

if TYPE_CHECKING:
    from telltale.why.faults import Outcome


@click.command("mend")
@target
def verb(where: Target) -> None:
    """Take back what `telltale break` did. What it did is remembered in the cluster itself.

    What `telltale why --fix` or you have mended already is not touched, nor what was changed since.

    \b
    telltale mend
    """
    done = finish(_mend(where))
    for name, outcome in done.items():
        output.line(f"{name}: {outcome}")
    if not done:
        output.line("nothing was broken on purpose")


async def _mend(where: Target) -> "dict[str, Outcome]":
    from telltale.cli.connection import hands
    from telltale.why.faults import undo

    async with where.client() as client:
        return await undo(hands(where, client), output.note)
