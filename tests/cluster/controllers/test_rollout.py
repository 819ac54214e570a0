"""The arithmetic of rollouts."""

import pytest

from telltale.cluster.controllers.rollout import Bounds, Size, bounds, spread, step


@pytest.mark.parametrize(
    "replicas, surge, unavailable, expected",
    [
        (10, "25%", "25%", Bounds(10, 3, 2)),
        (1, "25%", "25%", Bounds(1, 1, 0)),
        (4, 0, 0, Bounds(4, 0, 1)),
        (3, 1, 0, Bounds(3, 1, 0)),
        (2, 0, 5, Bounds(2, 0, 2)),
        (0, "25%", "25%", Bounds(0, 0, 0)),
    ],
)
def test_percentages_round_towards_progress(replicas, surge, unavailable, expected):
    assert bounds(replicas, surge, unavailable) == expected


def played(limits: Bounds, old: int, *, broken: bool = False) -> tuple[list[int], int, int]:
    """Rolls out step by step, pods ready at once (or never); sizes of new, least and most."""
    new, former = Size("new", 0), Size("old", old, old)
    least, most, seen = old, old, []
    for _ in range(100):
        changes = step(limits, new, [former])
        if not changes:
            break
        for size in changes:
            if size.name == "new":
                new = Size("new", size.wanted, 0 if broken else size.wanted)
            else:
                former = Size("old", size.wanted, min(size.wanted, former.available))
        least = min(least, new.available + former.available)
        most = max(most, new.wanted + former.wanted)
        seen.append(new.wanted)
    return seen, least, most


@pytest.mark.parametrize(
    "surge, unavailable", [(1, 0), (0, 1), (2, 2), ("25%", "25%"), ("100%", 0)]
)
@pytest.mark.parametrize("replicas", [1, 2, 3, 10])
def test_a_rollout_ends_and_keeps_its_bounds(replicas, surge, unavailable):
    limits = bounds(replicas, surge, unavailable)
    seen, least, most = played(limits, replicas)
    assert seen[-1] == replicas
    assert least >= replicas - limits.unavailable
    assert most <= replicas + limits.surge


def test_a_broken_template_stops_at_the_surge():
    limits = bounds(10, "25%", "25%")
    _, least, most = played(limits, 10, broken=True)
    assert least == 8 and most == 13


def test_pods_that_serve_nobody_go_first():
    limits = bounds(3, 1, 0)
    sick = Size("sick", 1, 0)
    changed = step(limits, Size("new", 1, 1), [Size("old", 3, 2), sick])
    assert Size("sick", 0, 0) in changed


def test_scaling_within_a_rollout_is_shared_out():
    limits = Bounds(10, 2, 0)
    sized = spread(limits, Size("new", 2, 2, 7), [Size("old", 4, 4, 7)])
    total = {"new": 2, "old": 4} | {one.name: one.wanted for one in sized}
    assert sum(total.values()) == 12 and total["old"] > total["new"]
