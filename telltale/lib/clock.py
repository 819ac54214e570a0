"""Time, identity and randomness, handed in. The only home of `datetime.now`, `random`, `uuid4`.

Never: sleeping; a test owns a `FakeClock` and moves it.
"""

import random
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

# Kubernetes' alphabet for generated names: no vowels, no 0, 1 or 3, so that no word comes out.
_SAFE = "bcdfghjklmnpqrstvwxz2456789"


class Clock(Protocol):
    """Wall time for what is written down, monotonic seconds for what is measured."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class FakeClock:
    """A clock that a test moves by hand."""

    moment: datetime = datetime(2019, 8, 30, 16, 43, 50, tzinfo=UTC)
    elapsed: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.elapsed

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.elapsed += seconds


class Ids(Protocol):
    """Fresh identities: unique ids and the random tails of generated names."""

    def uid(self) -> str: ...
    def suffix(self, length: int = 5) -> str: ...
    def jitter(self) -> float:
        """A number in [0, 1)."""
        ...


class SystemIds:
    def uid(self) -> str:
        return str(uuid.uuid4())

    def suffix(self, length: int = 5) -> str:
        return "".join(random.choices(_SAFE, k=length))

    def jitter(self) -> float:
        return random.random()


@dataclass
class FakeIds:
    """Counting identities, so that goldens are stable."""

    count: int = field(default=0)

    def uid(self) -> str:
        self.count += 1
        return f"00000000-0000-4000-8000-{self.count:012d}"

    def suffix(self, length: int = 5) -> str:
        self.count += 1
        return f"{self.count:0{length}d}"[-length:]

    def jitter(self) -> float:
        return 0.5
