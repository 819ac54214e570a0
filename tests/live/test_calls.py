"""A pod that declares what it calls: its proxy is told of that alone; the rest still answers."""

from collections.abc import Iterator

import pytest

from telltale.kube.core import CALLS
from tests.live import talk
from tests.live.cluster import LiveCluster
from tests.live.talk import Caller, eventually, port

pytestmark = [pytest.mark.live, pytest.mark.root]
SPACE = "declared"


@pytest.fixture(scope="module")
def client(cluster: LiveCluster) -> Iterator[Caller]:
    objects = [
        *talk.space(SPACE), talk.caller(SPACE, annotations={CALLS: "near"}),
        talk.talker(SPACE, "near"),
        *(talk.service(SPACE, name, {"app": "near"}, port("http", number, 8080))
          for name, number in (("near", 80), ("other", 81))),
    ]  # fmt: skip
    with talk.spaces(cluster, *objects):
        yield Caller(cluster, SPACE)


def told(client: Caller) -> set[str]:
    """The services of which the client's proxy has clusters."""
    text = client.cluster.kubectl(
        "exec", "-n", SPACE, client.cluster.pod("caller", SPACE), "-c", "istio-proxy", "--",
        "pilot-agent", "request", "GET", "clusters",
    )  # fmt: skip
    names = {line.partition("::")[0] for line in text.splitlines()}
    return {name.rpartition("|")[2].partition(".")[0] for name in names if "outbound|" in name}


def test_it_is_told_of_what_it_declares_and_an_edit_holds_at_once(client: Caller) -> None:
    eventually(lambda: told(client), lambda found: found == {"near"}, "the declared one alone")
    for url in ("http://near/", "http://other:81/"):  # the other as a stranger, at its address
        status, answer = client.curl(url)
        assert (status, answer["who"]) == (200, "near")
    pod = client.cluster.pod("caller", SPACE)
    client.cluster.kubectl(
        "annotate", "--overwrite", "pod", "-n", SPACE, pod, f"{CALLS}=near, other"
    )
    eventually(lambda: told(client), lambda found: found == {"near", "other"}, "both")
