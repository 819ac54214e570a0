"""Whether a container that ended is started again, and when. Pure."""

from dataclasses import dataclass

from telltale.lib.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Patience:
    """The pauses between restarts: growing, and forgotten after a run of `reset_s`."""

    backoff: Backoff
    reset_s: float = 600.0


def pause_after(patience: Patience, pause_s: float | None, ran_s: float) -> float:
    """Seconds to wait after a container ended that ran `ran_s` and had waited `pause_s` before.

    None: it had not been restarted yet. The first restart is at once, then first_s, doubling.
    """
    if pause_s is None or ran_s > patience.reset_s:
        return 0.0
    limits = patience.backoff
    return min(max(pause_s * limits.factor, limits.first_s), limits.most_s)


def again(policy: str, exit_code: int) -> bool:
    """The pod's restartPolicy."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)
