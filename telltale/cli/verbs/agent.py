"""`telltale agent`: the process beside a workload, also installed as `pilot-agent`."""

import os

import click


@click.command(
    "agent",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def verb(arguments: tuple[str, ...]) -> int:
    """Run `pilot-agent` with its own arguments: proxy, istio-iptables, request, wait."""
    from telltale.agent.__main__ import main

    return main(arguments, dict(os.environ))
