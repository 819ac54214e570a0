"""How pauses grow."""

import pytest

from telltale.lib.backoff import Backoff


@pytest.mark.parametrize(
    ("failures", "pause_s"), [(0, 0.0), (1, 0.2), (2, 0.4), (3, 0.8), (6, 6.4), (7, 10.0)]
)
def test_doubles_up_to_the_most(failures: int, pause_s: float):
    assert Backoff().delay(failures) == pytest.approx(pause_s)


def test_a_week_of_failures_is_still_a_number():
    assert Backoff().delay(100_000) == 10.0


def test_jitter_takes_away_half_at_the_most():
    assert Backoff(first_s=1).delay(1, jitter=0.0) == 0.5
    assert Backoff(first_s=1).delay(1, jitter=0.5) == 0.75
