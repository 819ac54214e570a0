"""`telltale mend`: every fault that was made on purpose is taken back, exactly."""

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target


@click.command("mend")
@target
def verb(where: Target) -> None:
    """Take back what `telltale break` did. What it did is remembered in the cluster itself.

    \b
    telltale mend
    """
    names = finish(_mend(where))
    output.line(f"taken back: {', '.join(names)}" if names else "nothing was broken on purpose")


async def _mend(where: Target) -> tuple[str, ...]:
    from telltale.cli.connection import hands
    from telltale.why.faults import undo

    async with where.client() as client:
        return await undo(hands(where, client), output.note)
