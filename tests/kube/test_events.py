"""Names of events sort by time."""

from telltale.kube.events import EventNames
from telltale.lib.clock import FakeClock, FakeIds


def test_names_rise_with_time_and_within_a_moment():
    clock = FakeClock()
    names = EventNames(clock, FakeIds())
    first, second = names.next("web"), names.next("web")
    clock.advance(0.001)
    third = names.next("web")
    assert first < second < third
    assert first.startswith("web.")
    assert len(first) == len("web.") + 16  # as client-go's: nanoseconds in hexadecimal
