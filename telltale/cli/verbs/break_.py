"""`telltale break`: a fault on purpose, named as the cause that it makes."""

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target


@click.command("break")
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="Which faults there are.")
@click.option("-n", "--namespace", default="default", help="Where the applications are (default).")
@target
def verb(where: Target, name: str | None, listed: bool, namespace: str) -> None:
    """Make a fault, to see its symptom and its explanation; `telltale mend` takes it back.

    \b
    telltale break --list
    telltale break dns-service-moved
    """
    from telltale.app.errors import Refused
    from telltale.cli.tables import aligned
    from telltale.why.causes.every import FAULTS
    from telltale.why.faults import NoSuchFault

    if listed or not name:
        for row in aligned([("NAME", "WHAT IT DOES"), *((n, f.title) for n, f in FAULTS.items())]):
            output.line(row)
        if not listed:
            raise click.UsageError("name a fault")
        return
    try:
        finish(_break(where, name, namespace))
    except NoSuchFault as error:
        raise Refused(str(error)) from error


async def _break(where: Target, name: str, namespace: str) -> None:
    from telltale.cli.connection import hands
    from telltale.why.faults import Pace, break_

    async with where.client() as client:
        fault = await break_(hands(where, client), name, namespace, Pace(output.note))
    output.line(f"broken on purpose: {fault.title}")
    output.line(f"look at it:        {fault.look}")
    output.line("explain it:        telltale why")
    output.line("take it back:      telltale mend")
