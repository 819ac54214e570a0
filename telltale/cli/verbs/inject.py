"""`telltale inject`: the sidecar into the pods of a file, without a cluster."""

import sys
from pathlib import Path

import click

from telltale.app.errors import Refused
from telltale.cli import output


@click.command("inject")
@click.option("-f", "--filename", "file", required=True, help="A YAML file, or - for stdin.")
def verb(file: str) -> None:
    """Print the file with the sidecar in every pod template; other documents stay as they are.

    \b
    telltale inject -f app.yaml | kubectl apply -f -
    """
    from telltale.app import images
    from telltale.inject.files import inject_text
    from telltale.inject.settings import SidecarSettings

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file}: cannot be read: {error}") from error
    output.line(inject_text(text, SidecarSettings(proxy_image=images.PROXY)).rstrip())
