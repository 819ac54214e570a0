"""`down`: the supervisor stopped, and its cluster taken out of the machine: processes, namespaces,
interfaces, rules, mounts, cgroups.

It goes by the cluster's id, so a damaged or half-made home is no obstacle.
Never: another cluster, or a file that no cluster of ours made.
"""

import asyncio
import os
import shutil
import signal
from typing import Protocol

from telltale.app import ground
from telltale.app.errors import Refused
from telltale.app.home import OWN, ClusterSettings, Home
from telltale.cluster import clean as cluster

_TERM_S, _KILL_S = 10.0, 5.0
_LOOK_S = 0.05


class Steps(Protocol):
    """Whoever watches."""

    def step(self, text: str) -> None: ...
    def done(self) -> None: ...


async def down(home: Home, progress: Steps) -> bool:
    """Its objects stay, for another `up`. False: nothing was there. Raises `Refused`."""
    home.check_ours()
    if os.geteuid() != 0:
        if not home.path.exists():
            return False
        raise Refused(f"stopping the cluster in {home.path} needs root: run it with sudo")
    stopped = home.holder() is not None
    if stopped:
        progress.step("stopping the supervisor")
        await stop(home)
        progress.step("removing pods, networks and rules")
    found = await remove(home) or stopped
    progress.done()
    return found


async def stop(home: Home) -> None:
    """SIGTERM, and SIGKILL for one that does not listen. Raises `Refused`."""
    for number, limit_s in ((signal.SIGTERM, _TERM_S), (signal.SIGKILL, _KILL_S)):
        try:
            async with asyncio.timeout(limit_s):
                told = 0
                while (pid := home.holder()) is not None:
                    if pid and pid != told:  # 0: it has only just begun, and does not say yet
                        os.kill(pid, number)
                        told = pid
                    await asyncio.sleep(_LOOK_S)
                return
        except ProcessLookupError:
            return
        except TimeoutError:
            continue
    raise Refused(f"the supervisor (pid {home.holder()}) does not end after SIGKILL; try again")


async def remove(home: Home) -> bool:
    """False when nothing was there. Raises `Refused` when something will not go."""
    try:
        settings = home.settings() or ClusterSettings()
    except Refused:  # all but the ranges follows from the home's path, and they go with the bridge
        settings = ClusterSettings()
    node, services = ground.node(home, settings), ground.services(home, settings)
    try:
        return await asyncio.to_thread(cluster.clean, node, services)
    except OSError as error:
        raise Refused(f"{home.path}: not all could be removed: {error}; try again") from error


def forget(home: Home) -> list[str]:
    """Delete what the cluster kept; the names of what is not ours and stays. Raises `Refused`."""
    home.check_ours()
    try:
        for name in sorted(OWN):
            place = home.path / name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        left = sorted(entry.name for entry in home.path.iterdir())
        if not left:
            home.path.rmdir()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Refused(f"{home.path}: not all could be deleted: {error}; try again") from error
    return left
