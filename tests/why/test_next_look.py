"""What is not in the catalogue is narrowed down, and never named."""

import pytest
from story import why
from worlds import Cluster

from telltale.why.next_look import next_looks
from telltale.why.reason import Verdict
from telltale.why.report import render


class Cut(Cluster):
    """Agents that end somewhere that no object explains."""

    place = ("dial", "dial tcp 172.19.4.7:15010: i/o timeout")

    def walk(self):
        return self.place if self.cut else super().walk()

    cut = False


def cut_off(place: tuple[str, str]) -> Cut:
    cluster = Cut.well()
    cluster.cut, cluster.place = True, place
    for proxy in cluster.proxies.values():
        proxy.configured = False
    cluster.later(200)
    return cluster


@pytest.mark.parametrize(
    ("place", "said", "command"),
    [
        (("dial", "dial tcp 172.19.4.7:15010: i/o timeout"), "stands between", "networkpolicies"),
        (("resolve", "lookup x on 9.9.9.9:53: i/o timeout"), "not resolved", "/etc/resolv.conf"),
        (
            ("subscribe", "connected to 172.19.4.7:15010, which says nothing within 2 s"),
            "does not answer as one",
            "logs deployment/istio-pilot",
        ),
    ],
)
def test_the_stage_says_where_to_look(place: tuple[str, str], said: str, command: str):
    answer = why(cut_off(place))
    assert answer.diagnosis.verdict is Verdict.UNKNOWN and answer.diagnosis.findings == ()
    [(text, how)] = next_looks(answer.world, answer.diagnosis.unexplained)
    assert said in text and command in how
    shown = " ".join(render(answer).split())
    assert f"istio-proxy says (stage {place[0]}): {place[1]}" in shown and how in shown


def test_agents_that_do_not_answer_are_said_not_to():
    cluster = cut_off(("dial", "x"))
    cluster.mute |= {":15020/", "/log"}
    answer = why(cluster)
    assert answer.diagnosis.findings == ()
    looks = next_looks(answer.world, answer.diagnosis.unexplained)
    assert "gives no answer on :15020" in looks[0][0]
