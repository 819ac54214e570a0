"""The pods that take part, once for all tests of this folder, and a clean stage for each."""

from collections.abc import Iterator

import pytest

from tests.live.cluster import LiveCluster
from tests.live.traffic.play import SPACE, WEB, Play, everything

KINDS = "virtualservices,destinationrules,gateways.networking.istio.io,envoyfilters"


@pytest.fixture(scope="package")
def cast(cluster: LiveCluster) -> Iterator[Play]:
    cluster.wait_ready()
    Play(cluster, {}).apply(*everything())
    try:
        cluster.kubectl("wait", "pod", "-n", SPACE, "--all", "--for=condition=Ready",
                        "--timeout=90s", limit_s=100)  # fmt: skip
        there = cluster.read("get", "pods", "-n", SPACE)["items"]
        yield Play(cluster, {one["metadata"]["name"]: one["status"]["podIP"] for one in there})
    finally:
        cluster.kubectl("delete", "namespace", SPACE, limit_s=90)


@pytest.fixture
def play(cast: Play) -> Iterator[Play]:
    """Nothing is said of the pods yet, and all of them are well; nor is anything afterwards."""
    cast.be(*WEB)
    try:
        yield cast
    finally:
        cast.cluster.kubectl("delete", KINDS, "--all", "-n", SPACE)
