"""`telltale image`: images of the embedded cluster."""

from pathlib import Path

import click

from telltale.cli import output
from telltale.cli.options import Target, target


@click.group("image")
def verb() -> None:
    """Import and list images; the embedded cluster pulls from nowhere."""


@verb.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@target
def bring(where: Target, files: tuple[Path, ...]) -> None:
    """Bring in OCI layouts (directory or tar) and `docker save` archives.

    \b
    docker save shop/cart:1.2 | cat > cart.tar; telltale image import cart.tar
    """
    from telltale.app.errors import Refused
    from telltale.app.parts import local_images
    from telltale.cluster.images.archive import BadArchive

    images = local_images(where.home)
    for file in files:
        try:
            for name in images.import_image(file):
                output.line(name)
        except (BadArchive, OSError) as error:
            raise Refused(str(error)) from error


@verb.command("list")
@target
def listed(where: Target) -> None:
    """Show every image that pods can run."""
    from telltale.app.parts import local_images
    from telltale.cli.tables import aligned

    for row in aligned([("IMAGE", "ID"), *local_images(where.home).list_images()]):
        output.line(row)
