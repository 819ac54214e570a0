import pytest

from telltale.agent.drain import Act, Asked, Phase, active_connections, pulse, step
from telltale.agent.settings import DrainTimes


def play(*told: Asked) -> tuple[Phase, list[Act]]:
    phase, done = Phase.SERVING, []
    for asked in told:
        phase, acts = step(phase, asked)
        done += acts
    return phase, done


@pytest.mark.parametrize(
    "told, phase, acts",
    [
        ([Asked.STOP], Phase.DRAINING, [Act.DRAIN]),
        ([Asked.STOP, Asked.STOP], Phase.DRAINING, [Act.DRAIN]),
        ([Asked.STOP, Asked.IDLE], Phase.STOPPING, [Act.DRAIN, Act.STOP_ENVOY]),
        ([Asked.STOP, Asked.LATE], Phase.STOPPING, [Act.DRAIN, Act.STOP_ENVOY]),
        ([Asked.STOP, Asked.EXITED], Phase.STOPPING, [Act.DRAIN]),
        ([Asked.DRAIN, Asked.STOP], Phase.STOPPING, [Act.DRAIN, Act.STOP_ENVOY]),
        ([Asked.STOP, Asked.QUIT], Phase.STOPPING, [Act.DRAIN, Act.STOP_ENVOY]),
        ([Asked.QUIT], Phase.STOPPING, [Act.STOP_ENVOY]),
        ([Asked.EXITED], Phase.STOPPING, []),
        ([Asked.QUIT, Asked.EXITED, Asked.STOP], Phase.STOPPING, [Act.STOP_ENVOY]),
    ],
)
def test_what_is_asked_and_what_is_done(told, phase, acts):
    assert play(*told) == (phase, acts)


@pytest.mark.parametrize(
    "elapsed, active, asked",
    [
        (0.5, 0, None),
        (1.5, 0, Asked.IDLE),
        (1.5, 2, None),
        (4.9, None, None),
        (5.0, 2, Asked.LATE),
        (5.0, None, Asked.LATE),
    ],
)
def test_idle_counts_only_after_the_least_time_and_late_always(elapsed, active, asked):
    assert pulse(elapsed, active, DrainTimes(least_s=1.5, most_s=5.0)) is asked


def test_connections_of_the_agents_own_questions_do_not_count():
    stats = {
        "listener.0.0.0.0_15006.downstream_cx_active": 2,
        "listener.0.0.0.0_15006.worker_0.downstream_cx_active": 2,
        "listener.127.0.0.1_8080.downstream_cx_active": 1,
        "listener.0.0.0.0_15090.downstream_cx_active": 7,
        "listener.admin.downstream_cx_active": 1,
        "listener.admin.main_thread.downstream_cx_active": 1,
    }
    assert active_connections(stats, 15090) == 3
