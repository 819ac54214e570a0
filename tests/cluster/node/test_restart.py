import pytest

from telltale.cluster.node.restart import Patience, again, pause_after
from telltale.lib.backoff import Backoff

KUBELET = Patience(Backoff(first_s=10.0, most_s=300.0), reset_s=600.0)


def test_the_kubelets_pauses() -> None:
    pauses: list[float] = []
    before = None
    for _ in range(8):
        before = pause_after(KUBELET, before, ran_s=1.0)
        pauses.append(before)
    assert pauses == [0, 10, 20, 40, 80, 160, 300, 300]


def test_a_long_run_is_forgiven() -> None:
    assert pause_after(KUBELET, 300.0, ran_s=601.0) == 0.0
    assert pause_after(KUBELET, 300.0, ran_s=599.0) == 300.0


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 2, True),
        ("Never", 0, False),
        ("Never", 1, False),
    ],
)
def test_restart_policy(policy: str, code: int, expected: bool) -> None:
    assert again(policy, code) is expected
