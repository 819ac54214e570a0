"""The newest value reaches everybody; those in between may be passed over."""

import asyncio

from telltale.lib.topic import Topic


def test_a_waiter_sees_the_newest_only():
    async def story():
        topic = Topic("a")
        for value in "bcd":
            topic.publish(value)
        assert await topic.after(0) == (3, "d")

    asyncio.run(story())


def test_every_waiter_is_woken():
    async def story():
        topic = Topic(0)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            waiting = [group.create_task(topic.after(0)) for _ in range(3)]
            await asyncio.sleep(0)  # all of them wait now
            topic.publish(7)
        assert [task.result() for task in waiting] == [(1, 7)] * 3

    asyncio.run(story())


def test_a_value_published_between_two_looks_is_not_missed():
    async def story():
        topic = Topic(0)
        seen = []

        async def follow():
            version = 0
            while version < 3:
                version, value = await topic.after(version)
                seen.append(value)
                if value == 1:
                    topic.publish(2)  # while nobody waits
                    topic.publish(3)

        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(follow())
            await asyncio.sleep(0)
            topic.publish(1)
        assert seen == [1, 3]

    asyncio.run(story())
