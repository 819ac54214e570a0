"""What keeps a slow or failing server from its callers' throats: timeout, retry, mirror, limits,
ejection. Counted where the requests arrive.
"""

import pytest

from tests.live.cluster import until
from tests.live.traffic.actor import APP
from tests.live.traffic.play import V1, WEB, Play, asked, route, rule, vs

pytestmark = [pytest.mark.live, pytest.mark.root]


def test_a_request_is_given_up_after_its_timeout(play: Play) -> None:
    """And one without a timeout is not."""
    slow = {"match": [{"uri": {"prefix": "/slow"}}]}
    play.apply(vs({**slow, "timeout": "0.3s", **route()}, route()))
    wait = {"x_first": "1 200 0.7"}
    until(
        lambda: "" if play.ask("/slow", **wait).status == 504 else "504", 20, "the timeout to hold"
    )
    late = play.ask("/slow", x_id="late", **wait)
    assert (late.status, late.text) == (504, "upstream request timeout")
    assert play.attempts("late") == 1
    assert play.ask("/", x_id="patient", **wait).status == 200
    assert play.ask("/slow").status == 200


def test_attempts_are_as_many_as_the_route_says(play: Play) -> None:
    again = {"attempts": 3, "retryOn": "5xx", "backoff": "5ms"}
    gate = {**again, "retryOn": "gateway-error"}
    each = {**again, "attempts": 1, "perTryTimeout": "0.3s"}
    play.apply(rule(), vs(
        {"match": [{"uri": {"prefix": "/never"}}], "retries": {"attempts": 0}, **route("v2")},
        {"match": [{"uri": {"prefix": "/gate"}}], "retries": gate, **route("v2")},
        {"match": [{"uri": {"prefix": "/each"}}], "retries": each, **route("v2")},
        {"match": [{"uri": {"prefix": "/all"}}], "retries": again, **route()},
        {"retries": again, **route("v2")},
    ))  # fmt: skip

    def lost() -> str:
        play.be(*WEB)
        play.ask("/all", x_id="new", x_first="9 500 0")
        return "" if play.attempts("new") == 4 else f"{play.attempts('new')} attempts"

    until(lost, 20, "a failing request to be tried four times")
    assert max(play.told(name)["ids"].get("new", 0) for name in WEB) == 1, "each by another pod"
    for id, path, first, status, attempts in (
        ("good", "/", "0 503 0", 200, 1),
        ("twice", "/", "2 503 0", 200, 3),
        ("lost", "/", "9 500 0", 500, 4),
        ("never", "/never", "9 503 0", 503, 1),
        ("gate", "/gate", "1 503 0", 200, 2),
        ("other", "/gate", "1 500 0", 500, 1),  # 500 is no error of a gateway
        ("each", "/each", "1 200 2", 200, 2),  # the first is too slow, the next is not
        ("slow", "/each", "9 200 2", 504, 2),
    ):
        answer = play.ask(path, x_id=id, x_first=first)
        assert (id, answer.status, play.attempts(id)) == (id, status, attempts)


def test_a_mirror_gets_copies_and_nobody_hears_its_answers(play: Play) -> None:
    """The second route's mirror gets a share: 200 requests, a half, within five deviations."""
    copy = {"mirrors": [{"destination": {"host": "other"}}]}
    half = {"mirrors": [{"destination": {"host": "other"}, "percentage": {"value": 50}}]}
    play.apply(
        rule(), vs({"match": [{"uri": {"prefix": "/half"}}], **half, **route("v1")},
                   {**copy, **route("v1")}),
    )  # fmt: skip
    play.settled(lambda found: found.keys() <= {*V1})
    play.be(*V1)
    play.be("v2-0", status=500, wait_s=0.01)
    assert {*play.who(50, x_id="all")} <= {*V1}
    assert {*play.who(200, "/half", x_id="half")} <= {*V1}
    assert play.attempts("all", *V1) == 50 and play.attempts("half", *V1) == 200
    until(lambda: "" if play.attempts("all", "v2-0") == 50 else "copies", 5, "50 copies")
    assert 65 < play.attempts("half", "v2-0") < 135
    assert {host.partition(":")[0] for host in play.told("v2-0")["hosts"]} == {"web-shadow"}


def test_what_is_too_much_for_a_pool_is_refused_and_counted(play: Play) -> None:
    """One connection (of each of Envoy's workers) and one that waits: the rest is 503 (UO)."""
    pool = {"tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}
    play.apply(rule(connectionPool=pool), vs(route("v1", retries={"attempts": 0})))
    many = [asked(x_first="1 200 0.3", x_id=str(number)) for number in range(12)]
    play.be(*V1)

    def limited() -> str:
        return "" if "503 -" in play.briefly(many, at_once=12) else "a 503"

    until(limited, 20, "the limits to hold")
    before = overflows(play)
    play.be(*V1)
    found = play.briefly(many, at_once=12)
    over = found.count("503 -")
    assert over and over + sum(one.startswith("200 v1-") for one in found) == 12, found
    assert sum(sum(play.told(name)["ids"].values()) for name in V1) == 12 - over
    counted = lambda: overflows(play) - before  # noqa: E731
    until(lambda: "" if counted() == over else f"{counted()} of {over}", 10, "all to be counted")


def overflows(play: Play) -> int:
    """How many requests Envoy counts as refused by a circuit breaker."""
    lines = play.admin("/stats/prometheus", port=15020).splitlines()
    told = [one for one in lines if one.startswith("istio_requests_total{") and 'flags="UO"' in one]
    assert all('response_code="503"' in one for one in told)
    return sum(int(one.rpartition(" ")[2]) for one in told)


def test_a_failing_pod_is_ejected_and_returns(play: Play) -> None:
    ejection = {"consecutive5xxErrors": 3, "interval": "0.3s", "baseEjectionTime": "2s",
                "maxEjectionPercent": 100}  # fmt: skip
    play.apply(rule(outlierDetection=ejection), vs(route("v1", retries={"attempts": 0})))
    play.settled(lambda found: found.keys() <= {*V1})
    assert play.who(30).keys() == {*V1}
    play.be("v1-1", status=500)

    host = f"{play.addresses['v1-1']}:{APP}::health_flags::/failed_outlier_check"

    def out() -> str:
        found = play.who(20)
        return "" if found.keys() == {"v1-0", "v1-2"} else str(found)

    until(out, 20, "the failing pod to be ejected")
    until(lambda: "" if host in play.admin("/clusters") or out() else host, 20, "Envoy to say so")
    play.be("v1-1")
    until(lambda: "" if "v1-1" in play.who(20) else "v1-1", 20, "the pod to be back")
    assert play.who(60).keys() == {*V1}
