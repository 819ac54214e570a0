import pytest

from telltale.agent.readiness import Numbers, State, Updates, not_ready, read_numbers

S = "cds updates: {} successful, {} rejected; lds updates: {} successful, {} rejected"


@pytest.mark.parametrize(
    "counts, said",
    [
        ((0, 0, 0, 0), "config not received from Pilot (is Pilot running?): "),
        ((0, 1, 0, 0), "config received from Pilot, but was rejected: "),
        ((0, 0, 0, 9), "config received from Pilot, but was rejected: "),
        ((5, 0, 0, 9), "config received from Pilot, but was rejected: "),
        ((1, 0, 0, 0), "config not fully received from Pilot: "),
        ((0, 0, 1, 0), "config not fully received from Pilot: "),
    ],
)
def test_the_sentence_follows_the_numbers(counts, said):
    numbers = Numbers(Updates(*counts[:2]), Updates(*counts[2:]), State.LIVE, workers=True)
    assert not_ready(numbers, warmed=True) == said + S.format(*counts)


READY = Numbers(Updates(1), Updates(1), State.LIVE, workers=True)


def test_ready_is_ready_and_a_later_rejection_or_a_lost_pilot_changes_nothing():
    assert not_ready(READY, warmed=True) is None
    later = Numbers(Updates(1, 3), Updates(1, 2), State.LIVE, workers=True, connected=False)
    assert not_ready(later, warmed=True) is None


@pytest.mark.parametrize(
    "state, workers, warmed, said",
    [
        (State.INITIALIZING, True, True, "server is not live, current state is: INITIALIZING"),
        (State.DRAINING, True, True, "server is not live, current state is: DRAINING"),
        (State.LIVE, False, True, "workers have not yet started"),
        (State.LIVE, True, False, "config received from Pilot is not in use yet: 0 clusters and 2"),
    ],
)
def test_configured_is_not_yet_live(state, workers, warmed, said):
    numbers = Numbers(Updates(1), Updates(1), state, workers, warming_listeners=2)
    assert str(not_ready(numbers, warmed)).startswith(said)


def test_a_missing_counter_is_zero():
    assert read_numbers({}, State.LIVE) == Numbers(state=State.LIVE)
    stats = {
        "cluster_manager.cds.update_success": 2,
        "listener_manager.lds.update_rejected": 1,
        "control_plane.connected_state": 1,
        "listener_manager.workers_started": 1,
    }
    read = read_numbers(stats, State.LIVE)
    assert (read.cds, read.lds) == (Updates(2, 0), Updates(0, 1))
    assert read.connected and read.workers
