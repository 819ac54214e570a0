"""Taking a stopped cluster out of the machine: processes, interfaces, rules, mounts, cgroups.

Never: its objects: what is in the home stays.
"""

import asyncio

from telltale.app.errors import Refused
from telltale.app.home import ClusterSettings, Home
from telltale.app.parts import parts
from telltale.cluster import run as cluster


async def remove(home: Home, settings: ClusterSettings) -> None:
    """Raises `Refused` when something will not go."""
    try:
        await asyncio.to_thread(cluster.clean, parts(home, settings))
    except OSError as error:
        raise Refused(f"{home.path}: not all could be removed: {error}; try again") from error
