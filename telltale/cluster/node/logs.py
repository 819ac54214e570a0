"""A container's output from its CRI log file: `TIME STREAM F|P TEXT` a line.

Never: whose container it is, or whether it may be read.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from telltale.lib.moment import parse_rfc3339

_LOOK_S = 0.1  # how soon a follower sees a new line
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """`time` as it is written; `text` with its newline, unless more of the line follows."""

    time: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: the last `tail` of them, since a moment, at most so many bytes."""

    tail: int | None = None
    since: datetime | None = None
    limit_bytes: int | None = None
    timestamps: bool = False


def parse(raw: bytes) -> Line | None:
    """One line of the file, without its newline; None when it is not one."""
    parts = raw.split(b" ", 3)
    if len(parts) < 4:
        return None
    end = b"" if parts[2] == b"P" else b"\n"
    return Line(parts[0].decode(errors="replace"), parts[3] + end)


def last_text(file: Path, lines: int) -> str:
    """The end of a log as plain text. Blocking."""
    try:
        found = _whole(file.read_bytes())[0][-lines:]
    except OSError:
        return ""
    return b"".join(line.text for line in found).decode(errors="replace")


async def read(
    file: Path, wanted: Wanted, follow: Callable[[], bool] | None = None
) -> AsyncIterator[bytes]:
    """The lines as kubectl prints them; with `follow`, on until it says no."""
    left = wanted.limit_bytes
    async for line in _lines(file, wanted, follow):
        text = _shown(line, wanted)
        if left is not None:
            text = text[:left]
            left -= len(text)
        if text:
            yield text
        if left == 0:
            return


async def _lines(
    file: Path, wanted: Wanted, follow: Callable[[], bool] | None
) -> AsyncIterator[Line]:
    place = _Place(file)
    found = [line for line in await asyncio.to_thread(place.fresh) if _recent(line, wanted)]
    tail = wanted.tail
    for line in found if tail is None else found[len(found) - min(tail, len(found)) :]:
        yield line
    while follow is not None:
        more = follow()  # asked first: what was written before the end is still read
        for line in await asyncio.to_thread(place.fresh):
            if _recent(line, wanted):
                yield line
        if not more:
            return
        await asyncio.sleep(_LOOK_S)


class _Place:
    """How far a file has been read. It may be cut short under us (its size is bounded)."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = 0
        self._inode = 0

    def fresh(self) -> list[Line]:
        """The whole lines since the last call. Blocking."""
        try:
            with self._file.open("rb") as opened:
                stat = self._file.stat()
                if stat.st_ino != self._inode or stat.st_size < self._offset:
                    self._inode, self._offset = stat.st_ino, 0
                opened.seek(self._offset)
                data = opened.read()
        except FileNotFoundError:
            return []
        lines, used = _whole(data)
        self._offset += used
        return lines


def _whole(data: bytes) -> tuple[list[Line], int]:
    """The lines that are complete, and how many bytes they take."""
    end = data.rfind(b"\n") + 1
    parsed = (parse(raw) for raw in data[:end].split(b"\n") if raw)
    return [line for line in parsed if line is not None], end


def _recent(line: Line, wanted: Wanted) -> bool:
    if wanted.since is None:
        return True
    try:
        return parse_rfc3339(_micro(line.time)) >= wanted.since
    except ValueError:
        return True


def _micro(time: str) -> str:
    """Nanoseconds cut to what Python reads: microseconds."""
    head, dot, rest = time.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[: min(digits, 6)]}{rest[digits:]}" if dot else time


def _shown(line: Line, wanted: Wanted) -> bytes:
    return f"{line.time} ".encode() + line.text if wanted.timestamps else line.text
