"""Going away without losing a request, as a table: what was asked, in which phase, leads where and
does what. Pure.

    SERVING --stop--> DRAINING --idle or late--> STOPPING
    SERVING --drain--> DRAINED (a preStop did it ahead) --stop--> STOPPING
    any --quit or exited--> STOPPING

Never: signals, Envoy or a clock; the caller hands in seconds and connection counts.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum

from telltale.agent.settings import DrainTimes


class Phase(StrEnum):
    SERVING = "serving"
    DRAINED = "drained ahead"
    DRAINING = "draining"
    STOPPING = "stopping"


class Asked(Enum):
    STOP = "SIGTERM"
    DRAIN = "POST /drain"
    QUIT = "POST /quitquitquit"
    IDLE = "no connection left"
    LATE = "terminationDrainDuration is over"
    EXITED = "Envoy exited"


class Act(Enum):
    DRAIN = "tell Envoy to drain"
    STOP_ENVOY = "stop Envoy"


NEXT: Mapping[tuple[Phase, Asked], tuple[Phase, tuple[Act, ...]]] = {
    (Phase.SERVING, Asked.STOP): (Phase.DRAINING, (Act.DRAIN,)),
    (Phase.SERVING, Asked.DRAIN): (Phase.DRAINED, (Act.DRAIN,)),
    (Phase.SERVING, Asked.QUIT): (Phase.STOPPING, (Act.STOP_ENVOY,)),
    (Phase.SERVING, Asked.EXITED): (Phase.STOPPING, ()),
    (Phase.DRAINED, Asked.STOP): (Phase.STOPPING, (Act.STOP_ENVOY,)),
    (Phase.DRAINED, Asked.QUIT): (Phase.STOPPING, (Act.STOP_ENVOY,)),
    (Phase.DRAINED, Asked.EXITED): (Phase.STOPPING, ()),
    (Phase.DRAINING, Asked.QUIT): (Phase.STOPPING, (Act.STOP_ENVOY,)),
    (Phase.DRAINING, Asked.IDLE): (Phase.STOPPING, (Act.STOP_ENVOY,)),
    (Phase.DRAINING, Asked.LATE): (Phase.STOPPING, (Act.STOP_ENVOY,)),
    (Phase.DRAINING, Asked.EXITED): (Phase.STOPPING, ()),
}


def step(phase: Phase, asked: Asked) -> tuple[Phase, tuple[Act, ...]]:
    """What is not in the table (a second SIGTERM, a drain while draining) changes nothing."""
    return NEXT.get((phase, asked), (phase, ()))


def pulse(elapsed_s: float, active: int | None, times: DrainTimes) -> Asked | None:
    """What time and connections ask for while draining. `active` None: Envoy did not say, so wait
    on.
    """
    if elapsed_s >= times.most_s:
        return Asked.LATE
    if active == 0 and elapsed_s >= times.least_s:
        return Asked.IDLE
    return None


ACTIVE_FILTER = r"^listener\..*downstream_cx_active$"


def active_connections(stats: Mapping[str, int], *own_ports: int) -> int:
    """Of all listeners but those of the agent's own questions (admin, statistics, health), workers
    not counted twice.
    """
    mine = tuple(f"listener.0.0.0.0_{port}." for port in own_ports)
    own = ("listener.admin.", *mine, "listener.envoy_internal_")
    return sum(
        value
        for name, value in stats.items()
        if name.startswith("listener.") and not name.startswith(own) and ".worker_" not in name
    )
