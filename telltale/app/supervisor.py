"""The supervisor's process: lock, log, signals, and the cluster inside. Never: a part's work."""

import os

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


def start(home: Home, settings: ClusterSettings) -> None:
    """Until SIGTERM or SIGINT; pods go on. Raises `Refused`."""
    home.save(settings)
    held = home.lock()
    logs.to_stderr(os.environ.get("TELLTALE_LOG", "info"))
    running = cluster.run(parts(home, settings), SystemClock(), SystemIds())
    try:
        uvloop.run(until_signalled(running))
    except* (PkiUnusable, PortTaken, StoreUnusable, OSError) as group:
        raise Refused(describe(group)) from group
    finally:
        os.close(held)
