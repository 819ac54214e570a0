"""Takes away everything on the machine that carries a cluster's id, whatever its files say.

Containers and their watchers, cgroups, namespaces, links, the bridge, mounts. Blocking; it may be
run again. Never: a process, link or mount of anybody else.
"""

import contextlib
import logging
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from telltale.cluster.node import linux
from telltale.cluster.node.network import Network
from telltale.cluster.node.process import Process
from telltale.cluster.node.processes import alive, known, send
from telltale.cluster.node.runtime import ROOT_FOLDERS
from telltale.cluster.node.settings import NodeSettings

log = logging.getLogger(__name__)

_CGROUPS = Path("/sys/fs/cgroup")
_LIMIT_S = 10.0


def clean(settings: NodeSettings, *, forget: bool = True) -> bool:
    """Safe when nothing is there; False then. Raises `OSError` when something will not go.

    Without `forget` the records, logs and volumes of the pods stay: another `run` finds what a
    machine finds after a reboot.
    """
    found = _end_all(settings)
    for folder in _cgroups(settings):
        found = True
        _remove_cgroup(folder)
    for point in linux.mounts_below(settings.home / "node"):
        found = True
        linux.unmount(point)
    found = Network(settings).clean() or found
    shutil.rmtree(settings.home / "node" if forget else settings.runc, ignore_errors=True)
    for old in settings.pods.glob("*/run/*/*"):
        for name in ROOT_FOLDERS:
            shutil.rmtree(old / name, ignore_errors=True)
    return found


def _end_all(settings: NodeSettings) -> bool:
    """What was being started while we looked is found by looking again; False: there was none."""
    limit, any_found = time.monotonic() + _LIMIT_S, False
    # Watchers first: a conmon that sees its container die would still write and run runc.
    while found := [*_watchers(settings), *_contained(settings)]:
        any_found = True
        _end(found, limit)
    return any_found


def _watchers(settings: NodeSettings) -> list[Process]:
    """conmons and runcs of this cluster: by the state directory on their command line."""
    mark = str(settings.runc).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith((b"conmon", b"runc")) and mark in words:
                    found.append(known(int(entry.name)))
    return [process for process in found if alive(process)]


def _contained(settings: NodeSettings) -> list[Process]:
    """Processes in this cluster's cgroups."""
    pids: set[int] = set()
    for folder in _cgroups(settings):
        for procs in folder.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                pids.update(int(word) for word in procs.read_text().split())
    every = [known(pid) for pid in pids if pid != os.getpid()]
    return [process for process in every if alive(process)]


def _cgroups(settings: NodeSettings) -> Iterator[Path]:
    """Its directory in every hierarchy, wherever we were when it was made."""
    for folder, inner, _ in os.walk(_CGROUPS):
        if settings.cgroup in inner:
            yield Path(folder) / settings.cgroup


def _end(processes: list[Process], limit: float) -> None:
    for process in processes:
        send(process, signal.SIGKILL)
    while any(alive(process) for process in processes):
        if time.monotonic() > limit:
            left = [process.pid for process in processes if alive(process)]
            raise OSError(f"processes {left} do not end after SIGKILL")
        time.sleep(0.01)


def _remove_cgroup(folder: Path) -> None:
    """Innermost first; the kernel needs a moment after its last process has gone."""
    limit = time.monotonic() + _LIMIT_S
    inner = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
    for path in [*inner, folder]:
        while True:
            try:
                path.rmdir()
                break
            except FileNotFoundError:
                break
            except OSError as error:
                if time.monotonic() > limit:
                    raise OSError(error.errno, f"cgroup {path} does not go: {error}") from error
                time.sleep(0.01)
