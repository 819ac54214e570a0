"""Processes that outlive us: known by their pid and the moment they began, watched by pidfd.

Never: a signal to a pid that has been used again.
"""

import asyncio
import os
import signal
from pathlib import Path

from telltale.cluster.node.process import Process


def alive(process: Process) -> bool:
    return process.pid > 0 and began(process.pid) == process.since


def began(pid: int) -> int:
    """When a process began, in ticks; 0 when it is not there, or dead and not yet buried."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])


def known(pid: int) -> Process:
    """The process that has this pid now."""
    return Process(pid, began(pid))


def send(process: Process, number: signal.Signals) -> bool:
    """Signal it; False when it is gone."""
    descriptor = _open(process)
    if descriptor < 0:
        return False
    try:
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


async def ended(process: Process) -> None:
    """Returns when the process is gone."""
    descriptor = _open(process)
    if descriptor < 0:
        return
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _open(process: Process) -> int:
    """A descriptor of exactly this process, or -1."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (ProcessLookupError, OSError, ValueError):
        return -1
    if alive(process):  # asked after opening: the descriptor cannot change its process any more
        return descriptor
    os.close(descriptor)
    return -1
