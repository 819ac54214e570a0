"""The supervisor's process: lock, log, signals, and the cluster inside. Never: a part's work."""

import os
import subprocess
import sys

import uvloop

from telltale.app.errors import Refused
from telltale.app.home import ClusterSettings, Home
from telltale.app.parts import parts
from telltale.cluster import run as cluster
from telltale.cluster.api.pki import PkiUnusable
from telltale.cluster.api.server import PortTaken
from telltale.cluster.store.journal import StoreUnusable
from telltale.lib import log as logs
from telltale.lib.clock import SystemClock, SystemIds
from telltale.lib.tasks import describe, until_signalled

_LOG_BYTES = 5 << 20  # and as much again of what was before


def start(home: Home, settings: ClusterSettings, held: int | None = None) -> None:
    """Until SIGTERM or SIGINT; pods go on. Raises `Refused`.

    `held`: the lock, taken by whoever began us in the background; the log goes to a file then.
    """
    background = held is not None
    if held is None:
        home.check_ours()
        home.save(settings)
        held = home.lock()
    os.set_inheritable(held, False)  # whoever has it open holds the lock: no container's conmon may
    os.pwrite(held, f"{os.getpid()}\n".encode(), 0)
    level = os.environ.get("TELLTALE_LOG", "info")
    if background:
        logs.to_file(home.log, _LOG_BYTES, level)
    else:
        logs.to_stderr(level)
    running = cluster.run(parts(home, settings), SystemClock(), SystemIds())
    try:
        uvloop.run(until_signalled(running))
    except* (PkiUnusable, PortTaken, StoreUnusable, OSError) as group:
        raise Refused(describe(group)) from group
    # The lock is not let go here but by the process's end: `down` waits for no less.


def begin(home: Home) -> subprocess.Popen[bytes]:
    """The same as a process of its own, in the background. Raises `Refused`.

    It is handed the lock: nobody can take the home between our start and its own.
    """
    held = home.lock()
    try:
        with home.log.open("ab") as log:
            command = [sys.executable, "-m", "telltale", "--home", str(home.path), "node"]
            return subprocess.Popen(
                [*command, "--held", str(held)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=(held,), cwd="/",
            )  # fmt: skip
    finally:
        os.close(held)
