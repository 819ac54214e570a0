"""`telltale pilot`: the control plane and the injection webhook; runs in a pod of istio-system."""

from ipaddress import ip_network
from pathlib import Path

import click

FILE = click.Path(path_type=Path)



def _networks(
    context: click.Context, option: click.Parameter, said: tuple[str, ...]
) -> tuple[str, ...]:
    for one in said:
        try:
            ip_network(one)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
    return said


@click.command("pilot")
@click.option("--mesh-config", type=FILE, default="/etc/istio/config/mesh")
@click.option("--injection-values", type=FILE, default="/etc/istio/inject/values")
@click.option("--debug-from", multiple=True, metavar="CIDR", help="Who may see /debug from afar.")
@click.option("--data-dir", type=FILE, help="Where fetched WebAssembly modules are kept.")
@click.option("--modules-from", multiple=True, metavar="CIDR", callback=_networks,
              help="A private network from which modules may be fetched.")  # fmt: skip
def verb(
    mesh_config: Path, injection_values: Path, debug_from: tuple[str, ...],
    data_dir: Path | None, modules_from: tuple[str, ...],
) -> None:  # fmt: skip
    """Serve xDS on 15010, the webhook on 15017, /ready on 8080, /metrics and /debug on 15014."""
    from telltale.app.pilot import Files, start
    from telltale.pilot.modules.keeper import ModuleSettings

    modules = ModuleSettings(data_dir, modules_from)
    start(Files(mesh_config, injection_values), debug_from, modules)
