"""`telltale pilot`: the control plane and the injection webhook; runs in a pod of istio-system."""

from pathlib import Path

import click


@click.command("pilot")
@click.option("--mesh-config", type=click.Path(path_type=Path), default="/etc/istio/config/mesh")
@click.option("--injection-values", type=click.Path(path_type=Path), default="/etc/istio/inject/values")
@click.option("--debug-from", multiple=True, metavar="CIDR", help="Besides loopback, who may see /debug.")
def verb(mesh_config: Path, injection_values: Path, debug_from: tuple[str, ...]) -> None:
    """Serve Envoy's configuration on 15010, the webhook on 15017, /ready on 8080, /metrics on 15014."""
    from telltale.app.pilot import Files, start

    start(Files(mesh_config, injection_values), debug_from)
