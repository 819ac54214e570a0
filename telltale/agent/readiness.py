"""What Envoy's numbers mean for readiness, in the words that Istio's users search for. Pure.

Unlike Istio's probe nothing is remembered: each answer is judged from the numbers of the moment,
and an update that was rejected is called rejected, whatever else is zero. Never: asking Envoy, or
the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

FILTER = (
    r"^(cluster_manager\.(cds\.update_(success|rejected)|warming_clusters)"
    r"|listener_manager\.(lds\.update_(success|rejected)|total_listeners_warming|workers_started)"
    r"|control_plane\.connected_state)$"
)


class State(StrEnum):
    """What Envoy's admin page `/ready` says. The gauge `server.state` lags by up to 5 s, so it is
    not asked.
    """

    LIVE = "LIVE"
    DRAINING = "DRAINING"
    PRE_INITIALIZING = "PRE_INITIALIZING"
    INITIALIZING = "INITIALIZING"


@dataclass(frozen=True, slots=True)
class Updates:
    ok: int = 0
    rejected: int = 0

    def __str__(self) -> str:
        return f"{self.ok} successful, {self.rejected} rejected"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Envoy at one instant."""

    cds: Updates = Updates()
    lds: Updates = Updates()
    state: State = State.PRE_INITIALIZING
    workers: bool = False
    connected: bool = False
    warming_clusters: int = 0
    warming_listeners: int = 0

    @property
    def configured(self) -> bool:
        return self.cds.ok > 0 and self.lds.ok > 0

    @property
    def warming(self) -> int:
        return self.warming_clusters + self.warming_listeners

    @property
    def rejected(self) -> int:
        return self.cds.rejected + self.lds.rejected


def read_numbers(stats: Mapping[str, int], state: State) -> Numbers:
    """Envoy's counters and gauges by name; one that is missing was never touched, so it is 0."""
    return Numbers(
        cds=_updates(stats, "cluster_manager.cds"),
        lds=_updates(stats, "listener_manager.lds"),
        state=state,
        workers=stats.get("listener_manager.workers_started", 0) > 0,
        connected=stats.get("control_plane.connected_state", 0) > 0,
        warming_clusters=stats.get("cluster_manager.warming_clusters", 0),
        warming_listeners=stats.get("listener_manager.total_listeners_warming", 0),
    )


def not_ready(numbers: Numbers, warmed: bool) -> str | None:
    """Why Envoy cannot be given traffic, or None when it can.

    `warmed`: there was a moment since Envoy's start at which all that it had received was in use.
    What comes later warms beside the old configuration and takes no readiness away.
    """
    if not numbers.configured:
        return _missing_config(numbers)
    if numbers.state is not State.LIVE:
        return f"server is not live, current state is: {numbers.state}"
    if not numbers.workers:
        return "workers have not yet started"
    if not warmed:
        return (
            f"config received from Pilot is not in use yet: {numbers.warming_clusters} clusters "
            f"and {numbers.warming_listeners} listeners are warming"
        )
    return None


def _missing_config(numbers: Numbers) -> str:
    counted = f"cds updates: {numbers.cds}; lds updates: {numbers.lds}"
    if numbers.rejected:
        return f"config received from Pilot, but was rejected: {counted}"
    if numbers.cds.ok == 0 and numbers.lds.ok == 0:
        return f"config not received from Pilot (is Pilot running?): {counted}"
    return f"config not fully received from Pilot: {counted}"


def _updates(stats: Mapping[str, int], prefix: str) -> Updates:
    return Updates(
        stats.get(f"{prefix}.update_success", 0), stats.get(f"{prefix}.update_rejected", 0)
    )
