"""Live tests share one home, and leave the machine as it was. Each runs its own node in it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from telltale.cluster.node.run import clean
from tests.cluster.node.world import World, lacking, living, settings_for

Story = Callable[[World], Awaitable[None]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    if reason := lacking():
        pytest.skip(reason)
    tmp_path.chmod(0o755)
    clean(settings_for(tmp_path))
    yield tmp_path
    clean(settings_for(tmp_path))


@pytest.fixture
def play(home: Path) -> Callable[[Story], None]:
    """Runs a story in a world of its own."""

    def run(story: Story) -> None:
        async def whole() -> None:
            async with living(home) as world:
                await story(world)

        asyncio.run(whole())

    return run
