"""Clocks that tests move, and identities that goldens can hold."""

import re
from datetime import timedelta

from telltale.lib.clock import FakeClock, FakeIds, SystemClock, SystemIds


def test_a_fake_clock_moves_by_hand_and_both_hands_together():
    clock = FakeClock()
    began = clock.now()
    clock.advance(2.5)
    assert clock.now() - began == timedelta(seconds=2.5)
    assert clock.monotonic() == 2.5


def test_the_real_clock_knows_its_zone():
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_generated_suffixes_can_stand_in_a_name_and_say_no_word():
    ids = SystemIds()
    assert all(re.fullmatch(r"[bcdfghj-np-tv-z24-9]{5}", ids.suffix()) for _ in range(50))
    assert len({ids.uid() for _ in range(50)}) == 50
    assert 0 <= ids.jitter() < 1


def test_fake_ids_count():
    ids = FakeIds()
    assert [ids.suffix(), ids.uid()[-2:], ids.suffix(3)] == ["00001", "02", "003"]
