"""Names for events: the object's own and the moment, so that a list by name is one by time.

Never: writing an event. As client-go's recorder names them: NAME.NANOSECONDS in hexadecimal.
"""

from telltale.lib.clock import Clock, Ids


class EventNames:
    """One for each writer; a name is never given twice by it."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._last = 0

    def next(self, about: str) -> str:
        """The name of the next event about the object called `about`."""
        microseconds = int(self._clock.now().timestamp() * 1_000_000)
        # The clock has no nanoseconds: chance instead keeps two writers apart.
        moment = microseconds * 1000 + int(self._ids.jitter() * 1000)
        self._last = max(self._last + 1, moment)
        return f"{about}.{self._last:x}"
