from datetime import UTC, datetime, timedelta

import pytest

from telltale.agent.readiness import Numbers, State, Updates
from telltale.agent.stage import Known, Stage, Standing, Story, Walked, stand

TARGET = "istio-pilot.istio-system:15010"
TIMEOUT = "lookup istio-pilot.istio-system on 172.19.0.10:53: i/o timeout"
UP = Numbers(Updates(1), Updates(1), State.LIVE, workers=True, connected=True)
JOINED = Numbers(connected=True)


@pytest.mark.parametrize(
    "numbers, known, stage, error",
    [
        (
            Numbers(),
            Known(TARGET),
            "resolve",
            f"not connected to {TARGET} yet, being looked into",
        ),
        (Numbers(), Known(TARGET, Walked(Stage.RESOLVE, TIMEOUT)), "resolve", TIMEOUT),
        (Numbers(), Known(TARGET, Walked(Stage.DIAL, "refused")), "dial", "refused"),
        (
            Numbers(),
            Known(TARGET, Walked(Stage.SUBSCRIBE, None, "n", "1.2.3.4:15010")),
            "subscribe",
            f"{TARGET} answers at 1.2.3.4:15010, Envoy has no stream to it yet",
        ),
        (JOINED, Known(TARGET), "subscribe", f"connected, {TARGET} has not sent CDS and LDS"),
        (
            Numbers(Updates(0, 1), connected=True),
            Known(TARGET, last_nack="bad port"),
            "ack",
            "Envoy rejects CDS: bad port",
        ),
        (
            Numbers(Updates(1), Updates(0, 2), connected=True),
            Known(TARGET),
            "ack",
            "Envoy rejects LDS: its reason is in the log of istio-proxy",
        ),
        (UP, Known(TARGET, warmed=True), "serve", None),
    ],
)
def test_envoys_numbers_decide_when_connected_and_the_walk_when_not(numbers, known, stage, error):
    assert stand(numbers, known) == Standing(Stage(stage), error)


def test_what_is_not_in_use_yet_is_warming():
    assert stand(UP, Known(TARGET, warmed=False)).stage is Stage.WARM


def test_a_ready_proxy_without_its_pilot_stands_where_the_walk_ended():
    lost = Numbers(Updates(1), Updates(1), State.LIVE, workers=True, connected=False)
    assert stand(lost, Known(TARGET, Walked(Stage.RESOLVE, TIMEOUT), warmed=True)).error == TIMEOUT


def test_since_is_the_time_the_stage_was_entered():
    start = datetime(2019, 8, 30, tzinfo=UTC)
    story = Story(Standing(Stage.RESOLVE), start)
    story = story.then(Standing(Stage.RESOLVE, TIMEOUT), start + timedelta(seconds=5), 1)
    assert (story.since, story.attempts) == (start, 1)
    story = story.then(Standing(Stage.DIAL, "refused"), start + timedelta(seconds=9), 1)
    assert (story.since, story.attempts) == (start + timedelta(seconds=9), 1)


def test_the_second_line_of_the_answer():
    assert str(Standing(Stage.RESOLVE, TIMEOUT)) == f"stage: resolve: {TIMEOUT}"
