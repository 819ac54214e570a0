"""Times as Kubernetes writes them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from telltale.lib.moment import parse_rfc3339, rfc3339

MOMENT = datetime(2019, 8, 30, 16, 43, 50, tzinfo=UTC)


def test_whole_seconds_in_utc():
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-7))).replace(microsecond=999_999)
    assert rfc3339(elsewhere) == "2019-08-30T16:43:50Z"


@pytest.mark.parametrize(
    "text", ["2019-08-30T16:43:50Z", "2019-08-30T16:43:50.000000Z", "2019-08-30T18:43:50+02:00"]
)
def test_every_spelling_is_read_as_the_same_moment(text: str):
    assert parse_rfc3339(text) == MOMENT


def test_what_is_no_time_is_refused():
    with pytest.raises(ValueError, match="yesterday"):
        parse_rfc3339("yesterday")
