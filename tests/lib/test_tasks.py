"""Loops that restart, and blocks that leave nothing running."""

import asyncio
import logging
import os
import signal

import pytest

from telltale.lib.backoff import Backoff
from telltale.lib.tasks import describe, supervise, until_signalled

AT_ONCE = Backoff(first_s=0.0)


def test_a_loop_that_fails_is_run_again_and_says_why(caplog: pytest.LogCaptureFixture):
    async def story():
        tries = []
        done = asyncio.Event()

        async def loop():
            tries.append(len(tries))
            if len(tries) < 3:
                raise OSError(f"no wire {len(tries)}")
            done.set()
            await asyncio.Event().wait()

        async with asyncio.timeout(5), supervise() as tasks:
            tasks.start("the watch", loop, AT_ONCE)
            await done.wait()
        assert len(tries) == 3

    with caplog.at_level(logging.WARNING):
        asyncio.run(story())
    said = [record.getMessage() for record in caplog.records]
    assert [text.split(": ")[1] for text in said] == ["no wire 1", "no wire 2"]
    assert all(text.startswith("the watch failed") for text in said)


def test_leaving_the_block_cancels_and_waits():
    async def story():
        ended = []

        async def loop():
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append("tidy")

        async with supervise() as tasks:
            tasks.start("one", loop)
            tasks.start("two", loop)
            await asyncio.sleep(0)
        assert ended == ["tidy", "tidy"]

    asyncio.run(story())


def test_what_is_done_once_fails_alone(caplog: pytest.LogCaptureFixture):
    async def story():
        async def broken():
            raise ValueError("bad")

        async with supervise() as tasks:
            lives = tasks.start("loop", asyncio.Event().wait)
            await tasks.once("work", broken())
            assert not lives.done()

    asyncio.run(story())
    assert "work failed: bad" in caplog.text


def test_an_error_of_the_block_itself_comes_out():
    async def story():
        async with supervise() as tasks:
            tasks.start("loop", asyncio.Event().wait)
            raise KeyError("mine")

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(story())
    assert caught.group_contains(KeyError)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_work_in_order(number: signal.Signals):
    ended = []

    async def work():
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            ended.append("tidy")

    asyncio.run(asyncio.wait_for(until_signalled(work()), 5))
    assert ended == ["tidy"]


def test_work_that_ends_by_itself_ends_the_wait_and_its_error_comes_out():
    async def done():
        pass

    async def fails():
        raise OSError("port taken")

    asyncio.run(until_signalled(done()))
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(until_signalled(fails()))
    assert describe(caught.value) == "port taken"


def test_describing_is_one_line_and_never_empty():
    both = ExceptionGroup("two", [OSError("a"), ExceptionGroup("inner", [TimeoutError()])])
    assert describe(both) == "a; TimeoutError"
