"""The tables of order are complete and lead nowhere in a circle."""

from telltale.pilot.xds.order import AFTER, BEFORE_REMOVAL, RESENT_AFTER, SHORT, TYPES


def test_every_type_has_its_place():
    assert set(AFTER) == set(BEFORE_REMOVAL) == set(SHORT) == set(TYPES)


def test_nothing_waits_for_a_later_type_to_be_added():
    for kind, earlier in AFTER.items():
        assert all(TYPES.index(one) < TYPES.index(kind) for one in earlier)


def test_removal_runs_the_other_way_round():
    for kind, later in BEFORE_REMOVAL.items():
        assert all(TYPES.index(one) > TYPES.index(kind) for one in later)


def test_what_is_resent_comes_right_behind():
    for first, second in RESENT_AFTER.items():
        assert TYPES.index(second) == TYPES.index(first) + 1
