"""Who gets a request: by turns, by chance, by load, by what it says, by where it is, by its age."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from tests.live.cluster import until
from tests.live.traffic.play import V1, WEB, Play, Spec, asked, route, rule, vs

pytestmark = [pytest.mark.live, pytest.mark.root]
USERS = [f"user-{number}" for number in range(120)]


@pytest.fixture
def play(play: Play) -> Iterator[Play]:
    """All five serve again afterwards."""
    yield play
    play.serve(*WEB)


def test_by_turns_by_chance_and_by_load(play: Play) -> None:
    by_turns = {f"/{name}": {"loadBalancer": {"simple": simple}} for name, simple in
                (("v1", "ROUND_ROBIN"), ("v2", "RANDOM"), ("v3", "LEAST_REQUEST"))}  # fmt: skip
    subsets = [{"name": path[1:], "labels": {"version": "v1"}, "trafficPolicy": policy}
               for path, policy in by_turns.items()]  # fmt: skip
    policies = rule()
    policies["spec"]["subsets"] = subsets
    play.apply(policies, vs(*(
        {"match": [{"uri": {"prefix": path}}], **route(path[1:])} for path in by_turns
    )))  # fmt: skip
    for path in by_turns:
        play.settled(lambda found: found.keys() <= {*V1}, path=path)
    turns = play.briefly([asked("/v1")] * 30)  # one connection: one worker, one turn
    assert {tuple(turns[number::3]) for number in range(3)} == {(f"200 {one}",) * 10 for one in V1}
    chance = play.who(300, "/v2")
    assert chance.keys() == {*V1}
    assert all(60 < count < 140 for count in chance.values()), chance  # 100, five deviations
    drawn = play.briefly([asked("/v2")] * 60)
    assert any(one == other for one, other in pairwise(drawn))
    play.be("v1-2", wait_s=0.25)
    load = Counter(play.briefly([asked("/v3")] * 90, at_once=6))
    assert load["200 v1-2"] < 20 < min(load["200 v1-0"], load["200 v1-1"]), load


@pytest.mark.parametrize(
    ("by", "request_of"),
    [
        ({"httpHeaderName": "x-user", "ringHash": {"minimumRingSize": 4096}},
         lambda user: asked(x_user=user)),
        ({"httpQueryParameterName": "user", "maglev": {}}, lambda user: asked(f"/?user={user}")),
        ({"httpCookie": {"name": "user", "ttl": "0s"}}, lambda user: asked(Cookie=f"user={user}")),
    ],
    ids=["header, ring", "query, maglev", "cookie, ring of 1024"],
)  # fmt: skip
def test_who_asks_again_is_answered_by_the_same(
    play: Play, by: Spec, request_of: Callable[[str], Spec]
) -> None:
    """And when one of five leaves, its own users move and few others.

    At most a fifth would move if nothing else did. Envoy fills its table up again with points of
    those who stay, so some of theirs change hands too: of a ring a fifth of the points is new, and
    three of four of these are another's. So a fifth more may move, and no more than that.
    """
    play.apply(rule(loadBalancer={"consistentHash": by}))

    def homes() -> dict[str, str]:
        answers = play.briefly([request_of(user) for user in USERS], at_once=4)
        return dict(zip(USERS, (one.removeprefix("200 ") for one in answers), strict=True))

    until(lambda: "" if homes() == homes() else "another home", 20, "each user to have a home")
    first = homes()
    assert {*first.values()} == {*WEB}
    play.serve(*WEB[:-1])
    until(lambda: "" if WEB[-1] not in homes().values() else WEB[-1], 20, "one to have left")
    moved = {user for user, home in homes().items() if home != first[user]}
    left = {user for user, home in first.items() if home == WEB[-1]}
    assert left <= moved
    assert len(moved - left) <= len(USERS) // 5, f"{len(moved)} moved, {len(left)} had to"
    play.serve(*WEB)
    until(lambda: "" if homes() == first else "others", 20, "everybody to be home again")


def test_an_address_is_at_home_somewhere_and_who_has_no_cookie_is_given_one(play: Play) -> None:
    play.apply(rule(loadBalancer={"consistentHash": {"useSourceIp": True}}))
    play.settled(lambda found: len(found) == 1)
    for by in ("client-0", *WEB):
        answers = play.briefly([asked()] * 8, by=by, fresh=True)  # whatever port it comes from
        assert len({*answers}) == 1, answers
    cookie = {"name": "seat", "path": "/", "ttl": "60s"}
    play.apply(rule(loadBalancer={"consistentHash": {"httpCookie": cookie}}))
    until(lambda: "" if "set-cookie" in play.ask().headers else "a cookie", 20, "a cookie")
    homes = set()
    for answer in play.asks([asked()] * 10, fresh=True):
        seat = answer.headers["set-cookie"].split(";")[0]
        assert seat.startswith("seat=") and "Max-Age=60" in answer.headers["set-cookie"]
        assert play.who(3, Cookie=seat) == {answer.pod: 3}
        homes.add(answer.pod)
    assert len(homes) > 1


def test_the_near_ones_are_asked_until_they_fail_or_go(play: Play) -> None:
    """The client is in eu with v1; v3 in asia stands in for eu, v2 in us is the last resort.

    Envoy tells its workers of changes of health once a second: an ejection must last longer.
    """
    ejection = {"consecutive5xxErrors": 1, "interval": "0.2s", "baseEjectionTime": "3s",
                "maxEjectionPercent": 100}  # fmt: skip
    failover = {"localityLbSetting": {"failover": [{"from": "eu", "to": "asia"}]}}
    play.apply(
        rule(outlierDetection=ejection, loadBalancer=failover), vs(route(retries={"attempts": 0}))
    )

    def only(*names: str) -> None:
        play.settled(lambda found: found.keys() <= {*names})

    only(*V1)
    assert play.who(60).keys() == {*V1}
    play.be(*V1, status=500)
    only("v3-0")
    play.be("v3-0", status=500)
    only("v2-0")
    play.be(*WEB)
    only(*V1)
    play.serve("v2-0", "v3-0")
    only("v3-0")
    play.serve("v2-0")
    only("v2-0")
    play.serve(*WEB)
    only(*V1)


def test_places_get_their_percents(play: Play) -> None:
    shares = {"from": "eu/*", "to": {"eu/*": 75, "us/*": 25}}
    play.apply(rule(loadBalancer={"localityLbSetting": {"distribute": [shares]}}))
    play.settled(lambda found: "v3-0" not in found and "v2-0" in found)
    found = play.who(400)
    assert found.keys() == {*V1, "v2-0"}
    assert 60 < found["v2-0"] < 140, found  # 100 expected, within five deviations


def test_a_newcomer_is_warmed_up(play: Play) -> None:
    """It has a hundredth of its share at first, more by and by, and all of it in the end."""
    warm = {"duration": "3s", "minimumPercent": 1}
    play.serve("v1-0", "v1-1")
    play.apply(rule(loadBalancer={"simple": "ROUND_ROBIN", "warmup": warm}))
    play.settled(lambda found: found == {"v1-0": 5, "v1-1": 5})
    began = time.monotonic()  # those two are new themselves, to a cluster that is
    until(lambda: "" if time.monotonic() > began + 3 else "a moment", 9, "both to be warm")
    play.serve(*V1)
    cold = Counter[str]()

    def absent() -> str:
        nonlocal cold
        cold = play.who(40)
        return "" if cold["v1-2"] else "v1-2"

    until(absent, 20, "the newcomer to be asked")
    assert cold["v1-2"] <= 8, cold  # 13 were its share
    until(lambda: "" if play.who(60)["v1-2"] >= 19 else "less", 20, "it to have its share")
