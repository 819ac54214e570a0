"""`telltale status`: what runs, and whether it is ready."""

import click

from telltale.cli import output
from telltale.cli.options import Target, finish, target


@click.command("status")
@click.option("-o", "--output", "form", type=click.Choice(["text", "json"]), default="text")
@target
def verb(where: Target, form: str) -> None:
    """Show the cluster, the control plane and every pod; exit code 1 unless all is ready.

    \b
    telltale status
    telltale status -o json
    """
    import json

    found, rows, ready = finish(_look(where))
    if form == "json":
        output.line(json.dumps(found, indent=2))
    else:
        for row in rows:
            output.line(row)
    if not ready:
        click.get_current_context().exit(1)


async def _look(where: Target) -> tuple[dict[str, object], list[str], bool]:
    from telltale.cli.tables import aligned, state
    from telltale.kube.kinds import POD

    server = where.server()
    async with where.client() as client:
        listed = (await client.list(POD)).items
    pods = sorted(listed, key=lambda pod: (pod.metadata.namespace, pod.metadata.name))
    ready = sum(pod.ready for pod in pods)
    rows = [("NAMESPACE", "POD", "READY", "STATUS")]
    for pod in pods:
        meta = pod.metadata
        rows.append((meta.namespace, meta.name, pod.readiness, state(pod)))
    heading = f"{server.url}: {ready} of {len(pods)} pods ready"
    pid = where.home.running()
    if pid and not where.kubeconfig:
        heading += f" (supervisor pid {pid}, home {where.home.path})"
    found: dict[str, object] = {
        "server": server.url,
        "supervisor": pid,
        "pods": {"ready": ready, "total": len(pods)},
    }
    return found, [heading, *aligned(rows)], ready == len(pods)
