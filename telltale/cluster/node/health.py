"""What the results of a probe mean: thresholds as a fold. Pure."""

from dataclasses import dataclass

from telltale.kube.core import Probe


@dataclass(frozen=True, slots=True)
class Health:
    """`good` is the verdict so far; `run` results in a row were `last`."""

    good: bool = False
    run: int = 0
    last: bool | None = None


def after(health: Health, probe: Probe, passed: bool) -> Health:
    """The verdict after one more result: it changes when enough in a row say so."""
    run = health.run + 1 if passed is health.last else 1
    enough = run >= (probe.success_threshold if passed else probe.failure_threshold)
    return Health(passed if enough else health.good, run, passed)


def exhausted(health: Health, probe: Probe) -> bool:
    """Enough failures in a row: of a startup or liveness probe, the container is to be killed."""
    return health.last is False and health.run >= probe.failure_threshold
