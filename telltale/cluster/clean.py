"""Everything of a stopped cluster taken out of the machine. Never: another's, or what is stored.

Apart from `run`, so that stopping a cluster loads none of its parts.
"""

from telltale.cluster.node.clean import clean as node_clean
from telltale.cluster.node.settings import NodeSettings
from telltale.cluster.services.clean import clean as services_clean
from telltale.cluster.services.settings import Settings as ServiceSettings


def clean(node: NodeSettings, services: ServiceSettings) -> bool:
    """False when nothing was there. What the node remembers of its pods stays, as after a reboot.

    Blocking. Raises `OSError` when something will not go.
    """
    found = False
    try:
        found = node_clean(node, forget=False)
    finally:
        found = services_clean(services) or found
    return found
