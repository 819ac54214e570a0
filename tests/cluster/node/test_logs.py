import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telltale.cluster.node.logs import Wanted, last_text, read, rotate

LINES = (
    b"2019-08-30T16:43:50.100000000+00:00 stdout F one\n"
    b"2019-08-30T16:43:51.200000000+00:00 stderr P half\n"
    b"2019-08-30T16:43:51.200000000+00:00 stderr F  done\n"
    b"2019-08-30T16:43:52.300000000Z stdout F \n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log"
    file.write_bytes(LINES)
    return file


def text(file: Path, wanted: Wanted) -> str:
    async def whole() -> bytes:
        return b"".join([line async for line in read(file, wanted)])

    return asyncio.run(whole()).decode()


def test_what_kubectl_prints(log: Path) -> None:
    assert text(log, Wanted()) == "one\nhalf done\n\n"
    assert text(log, Wanted(tail=1)) == "\n"
    assert text(log, Wanted(tail=0)) == ""
    assert text(log, Wanted(limit_bytes=5)) == "one\nh"
    since = datetime(2019, 8, 30, 16, 43, 52, tzinfo=UTC)
    assert text(log, Wanted(since=since)) == "\n"
    assert text(log, Wanted(tail=1, timestamps=True)) == "2019-08-30T16:43:52.300000000Z \n"
    assert last_text(log, 2) == " done\n\n"


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert text(tmp_path / "none", Wanted()) == ""


def test_a_follower_gets_what_is_written_before_the_end(log: Path) -> None:
    steps = [
        b"2019-08-30T16:43:53+00:00 stdout F more\n",
        b"2019-08-30T16:43:54+00:00 stdout F la",
        b"st\n",
    ]

    def more() -> bool:
        if steps:
            with log.open("ab") as file:
                file.write(steps.pop(0))
        return bool(steps)

    async def whole() -> bytes:
        return b"".join([line async for line in read(log, Wanted(tail=0), more)])

    assert asyncio.run(whole()) == b"more\nlast\n"


def test_a_follower_goes_on_in_the_next_file_without_a_gap(log: Path, tmp_path: Path) -> None:
    """It reads the rest of what was set aside, also what was written after that."""
    control = tmp_path / "ctl"
    os.mkfifo(control)
    held = os.open(control, os.O_RDWR | os.O_NONBLOCK)  # conmon holds its end

    def line(word: str) -> bytes:
        return f"2019-08-30T16:43:53.000000000+00:00 stdout F {word}\n".encode()

    async def whole() -> list[bytes]:
        alive = True
        following = read(log, Wanted(), lambda: alive)
        said = [await anext(following) for _ in range(4)]  # it has the file open now
        with log.open("ab") as writer:
            rotate(log, control, 1)
            writer.write(line("late"))
        log.write_bytes(line("new"))
        said += [await anext(following), await anext(following)]
        alive = False
        return said + [rest async for rest in following]

    try:
        assert asyncio.run(whole())[4:] == [b"late\n", b"new\n"]
        assert os.read(held, 16) == b"2 0 0\n"
    finally:
        os.close(held)


def test_a_small_log_is_left_alone(log: Path, tmp_path: Path) -> None:
    rotate(log, tmp_path / "ctl", 1 << 20)
    assert log.read_bytes() == LINES
