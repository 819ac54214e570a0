"""Modules that are wanted, kept over the pilot's end, and what a shelf believes."""

import asyncio
import os

from telltale.lib.topic import Topic
from telltale.model.extension import Code
from telltale.pilot.modules.content import summed
from telltale.pilot.modules.keeper import Around, Keeper, ModuleSettings
from telltale.pilot.modules.shelf import Shelf
from telltale.pilot.modules.wanted import Failure, Wanted
from tests.pilot.conftest import free_ports
from tests.pilot.modules.registry import serving
from tests.pilot.wasm_module import module

BODY = module()
CODE = Code(summed(BODY), BODY)


class Kept:
    """A keeper that runs, and the last that it said."""

    def __init__(self, directory, wanted: Topic) -> None:
        self.said: Topic[dict] = Topic({})
        settings = ModuleSettings(directory, ("127.0.0.0/8",), first_s=5.0)
        around = Around(lambda _: False, lambda *_: None)
        self.keeper = Keeper(settings, wanted, around, self.said.publish)

    async def __aenter__(self) -> "Kept":
        self._task = asyncio.create_task(self.keeper.run())
        return self

    async def __aexit__(self, *_) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def test_what_was_fetched_is_there_when_the_pilot_begins_anew(tmp_path):
    async def story() -> None:
        async with serving(free_ports(1)[0]) as server:
            url = f"http://{server.host}/m"
            server.files["/m"] = BODY
            once, always, bad = Wanted(url), Wanted(url, again="1"), Wanted(f"{url}/x")
            for _ in range(2):
                wanted: Topic = Topic((once, always, bad))
                async with Kept(tmp_path, wanted) as kept:
                    await kept.keeper.first(wanted.value)
                    found = kept.said.value
                    assert (found[once], found[always]) == (CODE, CODE)
                    assert isinstance(found[bad], Failure)
                    wanted.publish((once,))
                    while kept.said.value.keys() != {once}:
                        await kept.said.after(kept.said.version)
                server.files, asked = {}, server.asked.count("/m")
            assert asked == 3  # the first twice, then only what is always asked for again

    asyncio.run(asyncio.wait_for(story(), 20))


def test_what_could_not_be_had_is_tried_again_until_it_is_there():
    async def story() -> None:
        async with serving(free_ports(1)[0]) as server:
            one = Wanted(f"http://{server.host}/m")
            async with Kept(None, Topic((one,))) as kept:
                await kept.keeper.first((one,))
                assert isinstance(kept.said.value[one], Failure)
                server.files["/m"] = BODY
                while kept.said.value[one] != CODE:
                    await kept.said.after(kept.said.version)

    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_shelf_believes_only_what_adds_up_and_lets_the_oldest_go(tmp_path):
    shelf, first, second = Shelf(tmp_path, most=len(BODY) + 10), Wanted("a"), Wanted("b")
    shelf.keep(first, CODE)
    assert shelf.find(first) == CODE and shelf.find(second) is None
    [file] = (tmp_path / "modules").iterdir()
    os.utime(file, (1, 1))
    other = Code(summed(b"\0asm!"), b"\0asm!" + bytes(20))
    shelf.keep(second, other)
    assert shelf.find(first) is None and shelf.find(second) is None  # gone; does not add up


def test_a_directory_that_cannot_be_written_is_no_harm(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    shelf = Shelf(file)
    shelf.keep(Wanted("a"), CODE)
    assert shelf.find(Wanted("a")) is None
