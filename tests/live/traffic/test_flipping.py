"""Routes change under load, and nobody notices but by the answers: no request is lost, none goes
where it should no longer.

Three clients at once: a sidecar, the ingress gateway, and the egress gateway behind a sidecar.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from tests.live.cluster import INGRESS, until
from tests.live.traffic.actor import ask
from tests.live.traffic.play import Play, Spec, asked, edge, gateway, outside, route, rule, vs

pytestmark = [pytest.mark.live, pytest.mark.root]

CONNECTIONS = 8
EGRESS = "istio-egressgateway.istio-system.svc.cluster.local"
WAYS = {  # who asks: the request, and how many a second
    "sidecar": (asked("/"), 200),
    "ingress": (asked(url=f"http://127.0.0.1:{INGRESS}/", Host="play.example"), 200),
    "egress": (asked("/out"), 40),
}


def routes(subset: str) -> list[Spec]:
    """All three ways lead to this subset."""
    away = {"destination": {"host": EGRESS, "port": {"number": 80}}}
    out = {"match": [{"uri": {"prefix": "/out"}}], "route": [away]}
    return [
        vs(out, route(subset)), edge(route(subset)),
        edge(route(subset), name="out", hosts=["*"], gateways=["out"]),
    ]  # fmt: skip


def gateways() -> list[Spec]:
    out = gateway(hosts=["*"])
    out["metadata"]["name"], out["spec"]["selector"] = "out", {"istio": "egressgateway"}
    return [gateway(), out]


@pytest.fixture
def flow(play: Play) -> Iterator[Play]:
    """To v1 by all ways."""
    play.apply(rule(), *gateways(), *routes("v1"))
    until(lambda: others(play, "v1"), 20, "all to be answered by v1")
    yield play


def others(play: Play, version: str) -> str:
    found = [*play.who(8), *play.who(8, "/out"), *(outside("/").pod for _ in range(8))]
    return ", ".join({one for one in found if not one.startswith(version)})


class Load:
    """Requests by every way for so long; `found`: each connection's answers in their order."""

    def __init__(self, play: Play, seconds: int) -> None:
        self.found: dict[str, list[list[str]]] = {}
        self.seconds = seconds
        self.callers = [threading.Thread(target=self._call, args=(play, way)) for way in WAYS]

    def _call(self, play: Play, way: str) -> None:
        request, rate = WAYS[way]
        many = [request] * (rate * self.seconds)
        how = {"at_once": CONNECTIONS, "every_s": 1 / rate}
        answers = ask(many, brief=True, **how) if way == "ingress" else play.briefly(many, **how)
        self.found[way] = [answers[number::CONNECTIONS] for number in range(CONNECTIONS)]

    def going(self) -> bool:
        return any(one.is_alive() for one in self.callers)


@contextmanager
def loaded(play: Play, seconds: int) -> Iterator[Load]:
    load = Load(play, seconds)
    for one in load.callers:
        one.start()
    try:
        yield load
    finally:
        for one in load.callers:
            one.join()


def judged(load: Load, flips: int) -> None:
    """Nothing is lost, and no connection changes sides more often than the routes did."""
    for way, (_, rate) in WAYS.items():
        answers = [one for own in load.found[way] for one in own]
        assert len(answers) == rate * load.seconds
        lost = {one for one in answers if one[:7] not in ("200 v1-", "200 v3-")}
        assert not lost, (way, lost)
        for own in load.found[way]:
            sides = [one[4:6] for one in own]
            changes = sum(a != b for a, b in pairwise(sides))
            assert flips / 2 <= changes <= flips, (way, changes, flips)


def test_flipping_routes_every_second_for_a_minute(flow: Play) -> None:
    began, flips = time.monotonic(), 0
    with loaded(flow, 61) as load:
        for second in range(1, 60):
            time.sleep(max(0.0, began + second - time.monotonic()))
            if not load.going():
                break
            flips += 1
            flow.apply(*routes(("v1", "v3")[flips % 2]))
    assert flips > 20, "kubectl was too slow to prove anything"
    judged(load, flips)


def test_a_subset_that_goes_or_comes_with_its_route_is_not_missed(flow: Play) -> None:
    """One apply has both, in either order, as kubectl writes one object after another."""
    turns = 0
    with loaded(flow, 20) as load:
        while load.going():
            turns += 1
            version = ("v1", "v3")[turns % 2]
            policies = [rule(subsets=("v1", "v2", "v3")[: 1 + turns % 2 * 2])]
            there = routes(version)
            flow.apply(*(policies + there if turns % 4 < 2 else there + policies))
            until(lambda: others(flow, version), 20, f"all to be answered by {version}")  # noqa: B023
    assert turns > 3
    judged(load, turns)
