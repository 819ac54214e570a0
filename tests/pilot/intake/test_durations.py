"""Durations as Go writes them."""

import pytest

from telltale.pilot.intake.durations import seconds


@pytest.mark.parametrize(
    ("text", "found"),
    [("1.5s", 1.5), ("1h30m", 5400), ("250ms", 0.25), ("0s", 0), (".5s", 0.5), (None, None)],
)
def test_seconds(text, found):
    assert seconds(text) == found


@pytest.mark.parametrize("text", ["", "5", "1x", "s", "1s2"])
def test_what_is_none(text):
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)
