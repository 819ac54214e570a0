"""`telltale up`: the embedded cluster, with the mesh and a sample on it."""

import os

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target


@click.command("up")
@click.option("--sample", default="", help="An application to put on it: bookinfo.")
@click.option("--no-mesh", is_flag=True, help="The cluster alone.")
@click.option("--foreground", is_flag=True, help="Stay here, and stop it all when interrupted.")
@click.option("--pod-cidr", help="The pods' range (172.16.0.0/16).")
@click.option("--node-cidr", help="This node's part of it (172.16.3.0/24).")
@click.option("--service-cidr", help="The Services' range (172.19.0.0/16).")
@click.option("--dns-address", help="The address of Service kube-dns (172.19.0.10).")
@click.option("--api-port", type=int, help="The API server's port on 127.0.0.1 (6443).")
@click.option(
    "--ingress-port", type=int, help="Port 80 of the ingress gateway, on 127.0.0.1 (8080)."
)
@click.option(
    "--ingress-tls-port", type=int, help="Port 443 of the ingress gateway, on 127.0.0.1 (8443)."
)
@click.option(
    "--upstream-dns", multiple=True, metavar="ADDRESS", help="Ask it for names outside the cluster."
)
@click.option(
    "--egress-cidr", "egress_cidrs", multiple=True, metavar="CIDR",
    help="Let pods out to this range; by default they stay on this machine.",
)  # fmt: skip
@click.option("--timeout", "limit_s", default=120.0, help="Give up after so many seconds.")
@target
def verb(
    where: Target, sample: str, no_mesh: bool, foreground: bool, limit_s: float, **chosen: object
) -> None:
    """Start a small Kubernetes on this machine, with the mesh on it; needs root.

    Returns when all is ready; the cluster stays in the background. Without options a cluster that
    was stopped starts again as it was.

    \b
    telltale up --sample bookinfo
    telltale up --home /tmp/second --pod-cidr 172.26.0.0/16 --node-cidr 172.26.1.0/24 \\
        --service-cidr 172.29.0.0/16 --dns-address 172.29.0.10 --api-port 7443 \\
        --ingress-port 9080 --ingress-tls-port 9443
    """
    import msgspec

    from telltale.app import bringup
    from telltale.app.home import ClusterSettings

    given = {key: value for key, value in chosen.items() if value not in (None, ())}
    settings = msgspec.structs.replace(where.home.settings() or ClusterSettings(), **given)
    wanted = bringup.Wanted(mesh=not no_mesh, sample=sample, limit_s=limit_s)
    try:
        finish(bringup.up(where.home, settings, wanted, output.Progress()))
    except KeyboardInterrupt:
        goes_on = "the cluster goes on in the background; stop it with: telltale down"
        left = goes_on if where.home.holder() else "nothing was left behind"
        output.note(f"\ninterrupted; {left}")
        raise
    ready = finish(_summary(where))
    if foreground:
        output.note("staying here: Ctrl-C stops the cluster")
        finish(_stay(where))
    elif not ready:
        click.get_current_context().exit(1)


async def _stay(where: Target) -> None:
    """Until the supervisor ends or we are interrupted; either way nothing is left running."""
    from telltale.app import bringup, removal

    try:
        await bringup.last(where.home)
    finally:
        await removal.down(where.home, output.Progress())


async def _summary(where: Target) -> bool:
    """What runs now and what to try next; False when a pod is not ready."""
    from telltale.app import bringup
    from telltale.app.home import default_home
    from telltale.cli.tables import pods
    from telltale.kube.kinds import POD
    from telltale.lib.clock import SystemClock

    async with where.client() as client:
        listed = (await client.list(POD, "default")).items
        page = await bringup.product_page(client)
    if listed:
        output.line("\n".join(pods(listed, SystemClock().now())) + "\n")
    if page:
        output.line(f"The product page:  {page}\n")
    elsewhere = where.home.path != default_home(os.environ)
    program = output.program() + (f" --home {where.home.path}" if elsewhere else "")
    output.line("Try next:")
    output.line(f"  export KUBECONFIG={where.home.kubeconfig}; kubectl get pods")
    if page:
        output.line(f"  {program} break dns-service-moved")
    output.line(f"  {program} why")
    ready = all(pod.ready or pod.ended for pod in listed)
    if not ready:
        output.note(f"not every pod is ready: {program} why says why")
    return ready
