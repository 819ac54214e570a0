"""A process that outlives us: its pid, and the moment it began. Never: a look at it (`processes`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Process:
    """`since` is the kernel's start time of it, in clock ticks after boot."""

    pid: int
    since: int
