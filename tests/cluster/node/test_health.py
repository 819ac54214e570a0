import pytest

from telltale.cluster.node.health import Health, after, exhausted
from telltale.kube.core import Probe

PROBE = Probe(failure_threshold=3, success_threshold=2)


@pytest.mark.parametrize(
    ("seen", "good"),
    [
        ("", False),
        ("+", False),
        ("++", True),
        ("++-", True),
        ("++--", True),
        ("++---", False),
        ("++--+--", True),
        ("+-+-+-", False),
        ("++---++", True),
    ],
)
def test_readiness_changes_when_enough_in_a_row_say_so(seen: str, good: bool) -> None:
    state = Health()
    for sign in seen:
        state = after(state, PROBE, sign == "+")
    assert state.good is good


@pytest.mark.parametrize(
    ("seen", "fatal"), [("--", False), ("---", True), ("--+--", False), ("+---", True)]
)
def test_a_container_is_killed_only_for_failures_in_a_row(seen: str, fatal: bool) -> None:
    state = Health(good=True)
    for sign in seen:
        state = after(state, PROBE, sign == "+")
    assert exhausted(state, PROBE) is fatal
