"""`telltale pilot`: the control plane and the injection webhook; runs in a pod of istio-system."""

from pathlib import Path

import click

FILE = click.Path(path_type=Path)


@click.command("pilot")
@click.option("--mesh-config", type=FILE, default="/etc/istio/config/mesh")
@click.option("--injection-values", type=FILE, default="/etc/istio/inject/values")
@click.option("--debug-from", multiple=True, metavar="CIDR", help="Who may see /debug from afar.")
def verb(mesh_config: Path, injection_values: Path, debug_from: tuple[str, ...]) -> None:
    """Serve xDS on 15010, the webhook on 15017, /ready on 8080, /metrics and /debug on 15014."""
    from telltale.app.pilot import Files, start

    start(Files(mesh_config, injection_values), debug_from)
