"""How long to wait before the next try: doubling from `first_s` to `most_s`. Pure.

Never: sleeping, or deciding what counts as success.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """`delay(n)` is the pause in seconds after the n-th failure in a row (n from 1)."""

    first_s: float = 0.2
    most_s: float = 10.0
    factor: float = 2.0

    def delay(self, failures: int, jitter: float = 1.0) -> float:
        """`jitter` in [0, 1] scales the pause between half of it and all of it."""
        if failures <= 0:
            return 0.0
        grown = self.first_s * self.factor ** min(failures - 1, 32)
        return min(grown, self.most_s) * (0.5 + 0.5 * jitter)
