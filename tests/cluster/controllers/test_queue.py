"""The queue: once each, never two on one key."""

import asyncio

from telltale.cluster.controllers.queue import Queue
from telltale.kube.meta import Ref

A, B = Ref("Pod", "x", "a"), Ref("Pod", "x", "b")


def test_what_is_asked_for_twice_is_taken_once_and_what_changes_meanwhile_again():
    async def story() -> None:
        queue = Queue()
        for key in (A, B, A):
            queue.add(key)
        assert [await queue.take(), await queue.take()] == [A, B]
        queue.add(A)
        assert len(queue) == 0  # somebody is at it
        queue.done(A)
        assert await queue.take() == A

    asyncio.run(story())


def test_the_earliest_wish_counts():
    async def story() -> None:
        queue = Queue()
        queue.later(A, 0.001)
        queue.later(A, 60)
        queue.later(B, 60)
        queue.later(B, 0.001)
        async with asyncio.timeout(2):
            assert {await queue.take(), await queue.take()} == {A, B}
        queue.close()

    asyncio.run(story())
