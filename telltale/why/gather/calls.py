"""Reads under a budget: so many, so many at once, so long. What fails is written down, not raised.

Never: which reads are worth it.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from telltale.kube import errors
from telltale.kube.codec import Malformed
from telltale.why.world import Lack, Missing

T = TypeVar("T")

MOST_CALLS = 12
AT_ONCE = 8
# Seconds that one read may take, and all of them together.
LIST_S = 2.0
INSIDE_S = 1.2
WHOLE_S = 2.8


@dataclass
class Calls:
    """One diagnosis' reads. `left` may be asked before choosing what to read next."""

    most: int = MOST_CALLS
    whole_s: float = WHOLE_S
    made: int = 0
    missing: list[Missing] = field(default_factory=list)
    _began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def left(self) -> int:
        return self.most - self.made

    async def read(self, what: str, how: str, work: Awaitable[T], limit_s: float) -> T | None:
        """What the work gives, or None, with the reason kept in `missing`."""
        self.made += 1
        try:
            async with self._gate, asyncio.timeout(min(limit_s, self._time_left())):
                return await work
        except (errors.Forbidden, errors.Unauthorized) as error:
            self._lack(what, Lack.FORBIDDEN, how, error)
        except errors.NotFound as error:
            self._lack(what, Lack.ABSENT, how, error)
        except TimeoutError as error:
            self._lack(what, Lack.TIMED_OUT, how, error)
        except (errors.ApiError, Malformed) as error:
            self._lack(what, Lack.FAILED, how, error)
        return None

    def _time_left(self) -> float:
        return max(0.05, self._began + self.whole_s - asyncio.get_running_loop().time())

    def _lack(self, what: str, lack: Lack, how: str, error: Exception) -> None:
        self.missing.append(Missing(what, lack, how, " ".join(str(error).split())[:200]))
