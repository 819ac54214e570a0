"""Takes a cluster's table, routes and forwarding out of the machine. Never: another cluster's.

Apart from `run`, so that stopping a cluster need not load what watches it. Blocking.
"""

import re

from telltale.cluster.services import host, rules
from telltale.cluster.services.nft import Nft, Refused
from telltale.cluster.services.settings import Settings


def clean(settings: Settings) -> bool:
    """Removes every rule, route and setting of this cluster; False when there was no table."""
    nft = Nft()
    try:
        listing = listed(nft, settings)
        host.restore(settings, noted(listing))
        nft.run(rules.clean(settings.table))
    finally:
        nft.close()
    return bool(listing)


def listed(nft: Nft, settings: Settings) -> str:
    """The cluster's table as nft writes it; empty when it is not there."""
    try:
        return nft.run(f"list table ip {settings.table}")
    except Refused:
        return ""


def noted(listing: str) -> dict[str, str]:
    """What the table's comment says: interfaces, and their forwarding before us."""
    found = re.search(rf'comment "{rules.NOTE}([^"]*)"', listing)
    pairs = (part.partition("=") for part in found[1].split()) if found else ()
    return {name: value for name, _, value in pairs}
