"""`telltale dns`: the cluster's DNS server; runs in a pod of kube-system."""

import click


@click.command("dns")
@click.option("--upstream", multiple=True, metavar="ADDRESS", help="Ask it for other names.")
@click.option("--search-domain", multiple=True, metavar="DOMAIN", help="A domain without names.")
def verb(upstream: tuple[str, ...], search_domain: tuple[str, ...]) -> None:
    """Answer for cluster.local on port 53, from the API's Services and EndpointSlices."""
    from telltale.app.dns import start
    from telltale.cluster.dns.settings import Settings

    start(Settings(upstreams=upstream, inner=search_domain or ("localdomain",)))
