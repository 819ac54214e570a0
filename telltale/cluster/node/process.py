"""A process that outlives us: its pid, and when it began. Never: a look at it (see `processes`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Process:
    """`since` is the kernel's start time of it, in clock ticks after boot."""

    pid: int
    since: int
