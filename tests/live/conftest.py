"""One real cluster for all live stories: its own home, ranges and port, beside what else runs."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.cluster import LiveCluster

TELLTALE = [sys.executable, "-m", "telltale"]


def lacking() -> str:
    """Why live stories cannot run here; empty when they can."""
    if os.geteuid() != 0:
        return "needs root: network namespaces and containers"
    needed = ("runc", "conmon", "nft", "kubectl", "curl", "dig")
    missing = [program for program in needed if not shutil.which(program)]
    return f"not installed: {', '.join(missing)} (make test installs them)" if missing else ""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("telltale") / "home"


@pytest.fixture(scope="session")
def cluster(home: Path) -> Iterator[LiveCluster]:
    if reason := lacking():
        pytest.skip(reason)
    live = LiveCluster(home)
    live.up("--sample", "bookinfo")
    try:
        yield live
    finally:
        live.telltale("down", "--delete")


@pytest.fixture
def well(cluster: LiveCluster) -> Iterator[LiveCluster]:
    """The cluster, healthy before the story, and mended after it."""
    cluster.wait_ready()
    yield cluster
    cluster.telltale("mend", check=False)
    cluster.forget_restarts()
    cluster.wait_ready()
