"""A container's output from its CRI log file: `TIME STREAM F|P TEXT` a line.

Never: whose container it is, or whether it may be read.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from telltale.lib.moment import parse_rfc3339

_LOOK_S = 0.1  # how soon a follower sees a new line
_REOPEN = b"2 0 0\n"  # what conmon is told through its control pipe


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
    try:
        found = [line for line in await asyncio.to_thread(place.fresh) if _recent(line, wanted)]
        tail = wanted.tail
        if tail is not None:
            found = found[len(found) - min(tail, len(found)) :]
        for line in found:
            yield line
        while follow is not None:
            more = follow()  # asked first: what was written before the end is still read
            for line in await asyncio.to_thread(place.fresh):
                if _recent(line, wanted):
                    yield line
            if not more:
                return
            await asyncio.sleep(_LOOK_S)
    finally:
        place.close()


def rotate(file: Path, control: Path, most_bytes: int) -> None:
    """A log grown past `most_bytes` becomes FILE.1, and conmon begins another. Blocking."""
    with contextlib.suppress(FileNotFoundError):
        if file.stat().st_size < most_bytes:
            return
        try:
            pipe = os.open(control, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # conmon has gone: nobody writes any more
            return
        try:
            file.rename(_older(file))
            os.write(pipe, _REOPEN)
        finally:
            os.close(pipe)


def _older(file: Path) -> Path:
    return file.with_name(f"{file.name}.1")


class _Place:
    """How far a log has been read. It may be set aside for a new one under us (see `rotate`)."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._opened: BinaryIO | None = None
        self._rest = b""

    def fresh(self) -> list[Line]:
        """The whole lines since the last call. Blocking."""
        found: list[Line] = []
        try:
            self._opened = self._opened or self._file.open("rb")
            while True:
                following = self._next(os.fstat(self._opened.fileno()).st_ino)
                data = self._rest + self._opened.read()  # its last lines are in it by now
                lines, used = _whole(data)
                found += lines
                self._rest = data[used:]
                if following is None:
                    return found
                self.close()
                self._opened = following.open("rb")
        except FileNotFoundError:
            return found

    def close(self) -> None:
        if self._opened:
            self._opened.close()
        self._opened, self._rest = None, b""

    def _next(self, number: int) -> Path | None:
        """The file that came after the one with this inode; None while it is written to."""
        older = _older(self._file)
        try:
            if self._file.stat().st_ino == number:
                return None
            known = older.stat().st_ino if older.exists() else number
        except FileNotFoundError:  # set aside, and the new one is not there yet
            return None
        return self._file if known == number else older


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
    time = line.time.replace("+00:00", "Z")  # as Go writes UTC
    return f"{time} ".encode() + line.text if wanted.timestamps else line.text
