"""What outlives a supervisor is taken over; what is damaged is cleared; `clean` leaves nothing."""

import asyncio
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from telltale.cluster.node.process import Process
from telltale.cluster.node.processes import began, send
from telltale.cluster.node.run import clean
from telltale.kube.errors import ApiError
from tests.cluster.node.world import World, living, settings_for

pytestmark = [pytest.mark.live, pytest.mark.root]

Play = Callable[[Any], None]


def app(*command: str, **more: Any) -> dict[str, Any]:
    return {"name": "app", "image": "busy", "command": list(command), **more}


def test_a_killed_supervisor_is_survived_and_its_pods_taken_over(home: Path) -> None:
    child = subprocess.Popen([sys.executable, "-m", "tests.cluster.node.world", str(home)])
    try:
        wait(home / "ready")
    finally:
        child.kill()
        child.wait()
    address = (home / "ready").read_text()
    with urllib.request.urlopen(f"http://{address}:8000/") as answer:
        assert answer.status == 200  # nobody supervises it now

    async def story() -> None:
        async with living(home) as world:
            before = await world.status("one")

            async def known() -> bool:
                return (await world.exec("one", "true"))[0] == 0

            await world.until("the node has taken it over", lambda: quiet(known()))
            after = await world.status("one")
            assert after["restartCount"] == 0 and after["ready"]
            assert after["containerID"] == before["containerID"]

    asyncio.run(story())


def wait(file: Path) -> None:
    end = time.monotonic() + 10
    while not file.exists():
        assert time.monotonic() < end, f"waited 10 s for {file}"
        time.sleep(0.02)


def test_a_killed_watcher_costs_one_restart(play: Play) -> None:
    async def story(world: World) -> None:
        await world.create("one", {"containers": [app("sleep", "1000")]})
        await world.wait_ready("one")
        pid = int(next(world.settings.pods.glob("*/run/app/0/conmon.pid")).read_text())
        send(Process(pid, began(pid)), signal.SIGKILL)

        async def again() -> bool:
            found = await world.status("one")
            return found["restartCount"] == 1 and "running" in found["state"]

        await world.until("it is started again", again)
        last = (await world.status("one"))["lastState"]["terminated"]
        assert last["reason"] == "ContainerStatusUnknown"

    play(story)


def test_a_lost_record_costs_a_restart_and_leaves_no_orphan(home: Path) -> None:
    async def first() -> None:
        async with living(home) as world:
            await world.create("one", {"containers": [app("sleep", "1000")]})
            await world.wait_ready("one")

    async def second() -> None:
        async with living(home) as world:

            async def runs() -> bool:
                code, _, _ = await world.exec("one", "true")
                return code == 0

            await world.until("its one container runs", lambda: quiet(runs()))

    asyncio.run(first())
    for file in home.rglob("record.json"):
        file.write_text("{ damaged")
    asyncio.run(second())
    assert len(machine(home)["processes"]) == 1


async def quiet(asked: Awaitable[bool]) -> bool:
    try:
        return await asked
    except ApiError:
        return False


def test_clean_finds_everything_by_the_id_alone(home: Path) -> None:
    before = machine(home)

    async def story() -> None:
        async with living(home) as world:
            tmpfs = {"name": "m", "emptyDir": {"medium": "Memory"}}
            mount = {"name": "m", "mountPath": "/m"}
            spec = {"volumes": [tmpfs], "containers": [app("sleep", "1000", volumeMounts=[mount])]}
            await world.create("one", spec)
            await world.create("two", {"containers": [app("sleep", "1000")]})
            await world.wait_ready("one")
            await world.wait_ready("two")

    asyncio.run(story())
    assert machine(home) != before  # containers outlive their supervisor
    for file in home.rglob("record.json"):
        file.write_text("{ damaged")
    clean(settings_for(home))
    assert machine(home) == before
    assert not (home / "node").exists()


def machine(home: Path) -> dict[str, set[str]]:
    """What this cluster has made on the machine."""
    home = home.resolve()
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    links = {path.name for path in Path("/sys/class/net").iterdir()}
    processes = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True)
    return {
        "links": {name for name in links if "tstn" in name},
        "namespaces": {path.name for path in Path("/run/netns").glob("telltale-tstn-*")},
        "mounts": {line.split()[4] for line in mounts if str(home) in line},
        "cgroups": {str(path) for path in Path("/sys/fs/cgroup").rglob("telltale-tstn")},
        "processes": {line for line in processes.stdout.splitlines() if str(home / "node") in line},
    }
