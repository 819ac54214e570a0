"""Where a proxy stands on its way to the pilot: from what Envoy counted and what a walk of our own
met. Pure.

    resolve -> dial -> (tls -> auth ->) subscribe -> ack -> warm -> serve

Never: the walk itself (walk.py).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from telltale.agent.readiness import Numbers, not_ready


class Stage(StrEnum):
    RESOLVE = "resolve"
    DIAL = "dial"
    TLS = "tls"
    AUTH = "auth"
    SUBSCRIBE = "subscribe"
    ACK = "ack"
    WARM = "warm"
    SERVE = "serve"


@dataclass(frozen=True, slots=True)
class Walked:
    """How far one walk came. `error` None: all the way, the pilot speaks."""

    stage: Stage
    error: str | None = None
    nameserver: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The stage reached and what keeps it there; `error` is None only when nothing does."""

    stage: Stage
    error: str | None = None

    def __str__(self) -> str:
        return f"stage: {self.stage}: {self.error}" if self.error else f"stage: {self.stage}"


@dataclass(frozen=True, slots=True)
class Story:
    """A standing with its age: since when this stage, and how many walks it has cost."""

    standing: Standing
    since: datetime
    attempts: int = 0

    def then(self, standing: Standing, now: datetime, walks: int) -> "Story":
        if standing.stage is not self.standing.stage:
            return Story(standing, now, walks)
        return replace(self, standing=standing, attempts=self.attempts + walks)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside Envoy's numbers."""

    target: str
    walked: Walked | None = None
    warmed: bool = False
    last_nack: str | None = None


def stand(numbers: Numbers, known: Known) -> Standing:
    """Envoy's own numbers decide when it is connected; without a connection the walk does."""
    walked, target = known.walked, known.target
    if numbers.connected:
        return _connected(numbers, known)
    if walked is None:
        return Standing(Stage.RESOLVE, f"not connected to {target} yet, being looked into")
    if walked.error is not None:
        return Standing(walked.stage, walked.error)
    return Standing(
        Stage.SUBSCRIBE, f"{target} answers at {walked.address}, Envoy has no stream to it yet"
    )


def _connected(numbers: Numbers, known: Known) -> Standing:
    if not numbers.configured and numbers.rejected:
        return Standing(Stage.ACK, _rejection(numbers, known.last_nack))
    if not numbers.configured:
        lacking = [n for n, u in (("CDS", numbers.cds), ("LDS", numbers.lds)) if u.ok == 0]
        return Standing(
            Stage.SUBSCRIBE, f"connected, {known.target} has not sent {' and '.join(lacking)}"
        )
    if reason := not_ready(numbers, known.warmed):
        return Standing(Stage.WARM, reason)
    return Standing(Stage.SERVE)


def _rejection(numbers: Numbers, last_nack: str | None) -> str:
    counts = (("CDS", numbers.cds), ("LDS", numbers.lds))
    kinds = " and ".join(name for name, updates in counts if updates.rejected)
    return f"Envoy rejects {kinds}: {last_nack or 'its reason is in the log of istio-proxy'}"
